import type { Method } from "../method/pairs.ts";
import { LOOKS } from "./figures/methods.ts";
import { withinSpread } from "./figures/starts.ts";
import { displayFormula, formula } from "./formula.ts";
import { type Content, type Html, html } from "./html.ts";
import { formatSetting } from "./number.ts";
import { type Shape, schematic } from "./schematic.ts";

/** What a reader must know of an experiment, in the words of its own field. */
export interface Guide {
  /** The microscopic model: its variables, equation or rates, units. */
  model: Content;
  /** What the variables of the learned equation are. */
  variables: Content;
  shape: Shape;
  /** What K and λ are here, and what was settled by the truth, where that is not what `LAMBDA` says. */
  lambda?: Content;
  /** Those that occur in the figures. */
  methods: readonly Method[];
  /** How the numbers of the first screen are defined, and what a perfect model would score. */
  score: Content;
}

/** One line each. */
const METHOD_LINES: Record<Method, Content> = {
  compensator: html`our estimator, for a simulator that knows its rates: in place of the noisy change of a patch its expected change and its variance, which the rates give at every step; λ = K.`,
  increment: html`the paper’s estimator, for a simulator that only runs: the changes of single patches over a short time, times K, their noise told by its covariance; λ = K.`,
  naive: html`the paper’s baseline: the state of the whole system before, that of one patch after. It takes the scatter of patches for noise of the whole, the more the shorter the time between.`,
  small: html`the patch as a system of its own, whose equation, with the noise of a patch, is used for the whole: fluctuations come out about √K times too large.`,
};

/** Words of all reports. */
const WORDS: readonly [string, Content][] = [
  [
    "floor, perfect model",
    html`what an equation that is exactly right would score, as predictions and truth are finite samples`,
  ],
  [
    "cohort",
    html`small systems that start alike; cohorts are independent of each other, and error bars come from them`,
  ],
  ["generator", html`drift and noise that the microscopic rates give at a state, without letting it move`],
  [
    "LocalRelax",
    html`the true dynamics for a short time in each patch of a large state that was put together from small ones, so that places where parts meet become like others`,
  ],
  ["closure", html`variables beside the observables that are asked for, so that all together decide their own future`],
  [
    "outside",
    html`the share of time that runs of the equation spend where there were no training data (beyond their hull)`,
  ],
  ["memory", html`how long the variables remember: the integral of their squared autocovariance, predicted over true`],
];

/** What K and λ are of patches of a system; what was settled by the truth, if anything, is to be said behind it. */
export const LAMBDA_MEANING = html`The large system is cut into <i>K</i> patches. Per move only one of them moves, and its change is counted <i>K</i> times, so that on the average it is the change of the whole; but its variance is <i>K</i> times too large. The loss therefore divides it by λ, and λ = <i>K</i> gives fluctuations of the right size.`;
const LAMBDA = html`${LAMBDA_MEANING} Nothing is fitted to the truth.`;

/** What holds of the scores of all experiments. */
export const FLOOR_AND_INTERVALS = html`A perfect model would not score 0 but what the sampling of the runs leaves: the floor. Intervals are 95 %: over seeds, each of which draws training data and runs anew; of a single seed, what its training data and runs leave open.`;

/** "How to read this report": the model, the method as a drawing, λ and K, the methods, the score; closed until it is asked for. */
export function howToRead({ model, variables, shape, lambda = LAMBDA, methods, score }: Guide): Html {
  return html`<details class="guide"><summary>How to read this report</summary>
<div class="prose">
<h3>The model</h3>
${model}
<h3>What is learned</h3>
<p>A stochastic differential equation of a few macroscopic variables <i>z</i>,</p>
${displayFormula(String.raw`\mathrm{d}z = f(z)\,\mathrm{d}t + \sigma(z)\,\mathrm{d}W,`)}
<p>with drift ${formula("f")}, diffusion ${formula(String.raw`\sigma\sigma^{\mathsf T}`)} and Brownian motion ${formula("W")}. ${variables}</p>
${schematic(shape)}
<h3>λ and <i>K</i></h3>
<p>${lambda}</p>
<h3>The methods</h3>
<ul>${methods.map((method) => html`<li><b>${LOOKS[method].name}</b>: ${METHOD_LINES[method]}</li>`)}</ul>
<h3>The score</h3>
${score}
<h3>Words</h3>
<dl class="words">${WORDS.map(([word, meaning]) => html`<dt>${word}</dt><dd>${meaning}</dd>`)}</dl>
</div></details>`;
}

/**
 * The relative squared error of mean trajectories in words and as a formula; `runs`: predicted ones per start; `within`: starts whose runs spread farther
 * about the mean than it is from zero.
 */
export function trajectoryScore(variables: string, runs: number, truth: Content, within: readonly string[] = []): Html {
  return html`<p>The error is that of the mean trajectory, averaged over the starts of the test${withinSpread(within)}:</p>
${displayFormula(String.raw`E = \Bigl\langle \sum_t |\bar z_t - \bar z^{\,*}_t|^2 \Big/ \sum_t |\bar z^{\,*}_t|^2 \Bigr\rangle_{\text{starts}}, \qquad \text{RMS} = 100\,\%\,\sqrt{E},`)}
<p>where ${formula(String.raw`\bar z`)} is the mean of ${variables} over ${formatSetting(runs)} predicted runs and ${formula(String.raw`\bar z^{\,*}`)} ${truth}. ${FLOOR_AND_INTERVALS}</p>`;
}
