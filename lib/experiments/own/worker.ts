// A worker of a module's simulator: told which once, then it answers tasks.
import { parentPort } from "node:worker_threads";
import { type Answer, done, type Task, type Told } from "../../systems/pooled-engine.ts";
import type { LocalEngine } from "../../systems/simulator.ts";
import { localEngine } from "./module.ts";

let engine: Promise<LocalEngine> | undefined;

const answer = (one: Answer) => parentPort?.postMessage(one);

parentPort?.on("message", async (message: Told | Task) => {
  try {
    if ("path" in message) engine = localEngine(message.path, message.values);
    else answer({ made: await done((await engine) as LocalEngine, message) });
  } catch (error) {
    answer({ error: error instanceof Error ? error : new Error(String(error)) });
  }
});
