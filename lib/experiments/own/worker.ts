// A worker of a module's simulator: told which once, then it answers tasks.
import { parentPort } from "node:worker_threads";
import { type Answer, done, type Request, type Told } from "../../systems/pooled-engine.ts";
import type { LocalEngine } from "../../systems/simulator.ts";
import { localEngine } from "./module.ts";

let engine: Promise<LocalEngine> | undefined;

const answer = (one: Answer) => parentPort?.postMessage(one);

parentPort?.on("message", async (message: Told | Request) => {
  if ("path" in message) {
    engine = localEngine(message.path, message.values);
    // Said with the first task.
    engine.catch(() => {});
    return;
  }
  const { number, task } = message;
  try {
    answer({ number, made: await done((await engine) as LocalEngine, task) });
  } catch (error) {
    answer({ number, error: error instanceof Error ? error.message : String(error) });
  }
});
