// What experiments are told without effect: refused, as it is declared beside the parameters.
import { describe, expect, test } from "bun:test";
import { InputError } from "../../lib/errors.ts";
import { curieWeissCommand } from "../../lib/experiments/curie-weiss/parameters.ts";
import { isingCommand } from "../../lib/experiments/ising/parameters.ts";
import { criticalCommand } from "../../lib/experiments/ising-critical/parameters.ts";
import { nbmotaCommand } from "../../lib/experiments/nbmota/parameters.ts";
import { learnCommand } from "../../lib/experiments/own/learn-parameters.ts";
import { fitCommand } from "../../lib/experiments/own/parameters.ts";
import { predatorPreyCommand } from "../../lib/experiments/predator-prey/parameters.ts";
import { type Command, parseExperiment } from "../../lib/run/command-line.ts";
import type { Parameters } from "../../lib/run/parameters.ts";

const COMMANDS = {
  "curie-weiss": curieWeissCommand,
  "predator-prey": predatorPreyCommand,
  ising: isingCommand,
  "ising-critical": criticalCommand,
  nbmota: nbmotaCommand,
  fit: fitCommand,
  learn: learnCommand(null),
} as unknown as Record<string, Command<Parameters>>;

const told = (name: string, line: string): string => {
  const words = line.split(" ").filter(Boolean);
  try {
    parseExperiment(COMMANDS[name], name === "fit" || name === "learn" ? ["a.csv", ...words] : words);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return "";
};

describe("without effect, and with it:", () => {
  test.each([
    ["curie-weiss", "--degree 3 --drift network", "--degree 3"],
    ["curie-weiss", "--steps 100", "--steps 100 --drift network"],
    ["curie-weiss", "--hidden 16", "--hidden 16 --drift onsager"],
    ["curie-weiss", "--degree 3 --profile paper", "--degree 3 --profile paper --drift polynomial"],
    ["curie-weiss", "--compensator-time 0.1 --estimator increment", "--compensator-time 0.1"],
    ["curie-weiss", "--dt 0.05 --compensator-time 0.1", "--dt 0.05"],
    ["curie-weiss", "--dt 0.05 --estimator increment", "--dt 0.05 --estimator compensator"],
    ["predator-prey", "--lags 1 --closure dynamics", "--lags 1 --closure lagged"],
    ["predator-prey", "--encoder joint --closure lagged", "--encoder joint --closure dynamics"],
    ["predator-prey", "--closure-steps 9 --closure lagged", "--closure-steps 9"],
    ["predator-prey", "--weight-decay 0 --closure lagged", "--weight-decay 0"],
    ["predator-prey", "--activation relu --closure lagged", "--activation relu --closure lagged --drift network"],
    ["ising", "--variables 2", "--variables 2 --closure lagged"],
    ["ising", "--variables 2 --closure none", "--variables 2 --closure none --studies all"],
    ["ising", "--lags 1,2 --closure dynamics", "--lags 1,2 --closure lagged"],
    ["ising", "--channels 8 --closure lagged", "--channels 8 --closure autoencoder"],
    ["ising", "--closure-hidden 8 --closure autoencoder", "--closure-hidden 8 --closure dynamics"],
    ["ising", "--closure-snapshots 512", "--closure-snapshots 512 --closure lagged"],
    ["ising", "--dt 0.1 --compensator-time 0.1", "--dt 0.1"],
    ["ising", "--dt 0.1 --closure lagged", "--dt 0.1 --closure lagged --large 64"],
    ["ising", "--weight-decay 0", "--weight-decay 0 --closure dynamics"],
    ["ising-critical", "--runs 8", "--runs 8 --studies all"],
    ["ising-critical", "--horizon 100", "--horizon 100 --profile standard"],
    ["ising-critical", "--closure-sizes 32", "--closure-sizes 32 --studies all"],
    ["ising-critical", "--pause 2 --looks 1", "--pause 2"],
    ["ising-critical", "--clusters 2 --true-looks 1", "--clusters 2"],
    ["nbmota", "--learning-rate 0.1", "--learning-rate 0.1 --profile standard"],
    ["nbmota", "--degree 1 --drift onsager", "--degree 1 --drift onsager --studies all"],
    ["nbmota", "--temperature-degree 1 --profile paper --studies none", "--temperature-degree 1"],
    ["fit", "--zero-time raw --drift network", "--zero-time raw"],
    ["fit", "--batch 512", "--batch 512 --drift network"],
    ["learn", "--exec-seconds 5", "--exec-seconds 5 --exec x"],
    ["learn", "--degree 2 --drift network", "--degree 2"],
  ])("%s %s", (name, without, withIt) => {
    const [option] = without.split(" ");
    expect(told(name, without)).toMatch(new RegExp(`^${option} has no effect with --.*: it needs --`));
    expect(told(name, withIt)).not.toContain("has no effect");
  });

  test("a patch of comparisons that is none of the patches is refused where it is given", () => {
    expect(told("ising", "--study-patch 32")).toContain("--study-patch 32 is not one of the patches 8, 16");
    expect(told("ising", "--patches 8")).toBe("");
  });
});
