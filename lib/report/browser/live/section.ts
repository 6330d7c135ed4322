/// <reference lib="dom" />
// A section in which an equation is integrated: what the reader sets, the runs that follow, the frames that show them.
import { leverages } from "../../../method/sde/hull.ts";
import { extent } from "../../extent.ts";
import type { LiveData, LiveVariable } from "../../live-equation.ts";
import { formatSetting } from "../../number.ts";
import { part } from "../element.ts";
import { type Curve, equationsOf, truthOf } from "./equation.ts";
import { type Frame, frame } from "./frame.ts";
import { handle } from "./handle.ts";
import * as pictures from "./pictures.ts";
import { Runs } from "./runs.ts";
import { doubts, result, rounded, timeText } from "./words.ts";

/** Runs of an ensemble, and of a first one while the reader moves something. */
const RUNS = 200;
const FEW = 40;
/** A piece of work, ms, so that no task of the page is much longer. */
const PIECE = 12;
/** The reader has stopped when nothing has changed for so long, ms. */
const PAUSE = 140;
/** Runs that grow are drawn so often, ms. */
const GROWING = 120;
/** The time of the runs passes in so many ms. */
const PLAYING = 6000;
/** Least part of the range of a variable that its course is shown in, so that a small spread looks small. */
const LEAST_SHOWN = 0.2;

type Range = [number, number];

const labelOf = ({ symbol, unit }: LiveVariable) => (unit && unit !== "1" ? `${symbol} [${unit}]` : symbol);

/** Brings a section to life when it is first seen; returns what draws it again in other colours. */
export function section(node: HTMLElement): () => void {
  const find = <T extends HTMLElement>(selector: string) => node.querySelector<T>(selector);
  const need = <T extends HTMLElement>(selector: string) => part<T>(node, selector);
  const data: LiveData = JSON.parse(need<HTMLScriptElement>("script").text);
  const { variables, starts, size, setting, time, horizon } = data;
  const equations = equationsOf(data);
  const isFlat = variables.length === 1;
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)");
  const truths = starts.map((start) => truthOf(data, start));

  // What the reader sets. `from`: which start of the test it is, null for one of the reader's own.
  let [which, doublings, seed] = [data.at, 0, data.seed];
  let from: number | null = 0;
  let z = starts[0].z.slice(0, variables.length);
  const equation = () => equations[which];

  // What is computed, and what is shown of it.
  let changed = Number.NEGATIVE_INFINITY;
  let isPending = false;
  let working = newRuns(RUNS);
  /** Which part of the horizon has passed at the time that is shown: equations have steps, and times, of their own. */
  let passed = 1;
  const lastOf = ({ times }: Runs) => times.length - 1;
  /** Which of the times of runs is shown, where it is known. */
  const placeIn = (runs: Runs) => Math.round(passed * lastOf(runs));
  let scene = sceneOf(working);
  let field: pictures.Field | undefined;
  let potential: pictures.Potential | undefined;
  let widest = 0;
  let frames: Frame[] = [];
  let placeHandle = () => {};
  let playing: { readonly since: number; readonly first: number } | null = null;

  function startState(): number[] {
    return equation().complete(from === null ? z : starts[from].z);
  }

  function newRuns(runs: number): Runs {
    return new Runs(equation(), startState(), { runs, noise: 2 ** (-doublings / 2), horizon, seed });
  }

  /** What is known of runs so far, and what is true from that start at that setting. */
  function sceneOf(runs: Runs): pictures.Scene {
    const times = runs.times.subarray(0, runs.known);
    const laws = variables.map((_, j): Curve => {
      const own = Array.from(times, (_, t) => runs.law(t, j));
      return { times, mean: own.map(({ mean }) => mean), std: own.map(({ std }) => std) };
    });
    const known = from !== null && which === data.at ? truths[from] : [];
    const ends = equation().late.map(({ mean, std }): Curve => {
      return { times: [0, horizon], mean: [mean, mean], std: [std, std] };
    });
    const truth = known.length > 0 ? known : ends;
    return { equation: equation(), runs, laws, truth, now: Math.min(placeIn(runs), runs.known - 1) };
  }

  const width = (j: number) => variables[j].high - variables[j].low;
  const reach = (curve?: Curve) => (curve ? [-1, 1].flatMap((sign) => pictures.shifted(curve, sign)) : []);
  /** In the plane: the range of the variable, and of the runs. */
  const wideRange = (j: number): Range => {
    const [low, high] = extent([variables[j].low, variables[j].high, ...reach(scene.laws[j])]);
    return [low - 0.03 * width(j), high + 0.03 * width(j)];
  };
  /** Over time: that of the runs. */
  const closeRange = (j: number): Range => {
    const single = pictures.SINGLE.flatMap((r) => Array.from(pictures.pathOf(scene.runs, r, j)));
    const [low, high] = extent([...single, ...reach(scene.laws[j]), ...reach(scene.truth[j])]);
    const air = Math.max(0.05 * (high - low), (LEAST_SHOWN * width(j) - (high - low)) / 2);
    return [low - air, high + air];
  };
  /** Of a standard deviation: from 0, and never less than before while the start stays, so that one sees it change. */
  const spreadRange = (): Range => {
    const [, most] = extent([scene.laws[0], scene.truth[0]].flatMap((curve) => Array.from(curve?.std ?? [])));
    widest = Math.max(widest, 1.15 * most);
    return [0, widest || 1];
  };
  const redraw = () => {
    const [space, ...courses] = frames;
    space?.redraw(potential ? { y: potential.range } : { x: wideRange(0), y: wideRange(1) });
    for (const [k, one] of courses.entries()) one.redraw({ y: k < variables.length ? closeRange(k) : spreadRange() });
  };
  const isInside = () => {
    const { hull } = equation();
    return leverages(hull, startState())[0] <= hull.limit;
  };
  const surround = () => {
    if (isFlat) potential = pictures.potentialOf(equation(), variables[0]);
    else field = pictures.fieldOf(equation(), variables, z.slice(2));
  };

  // The clock.
  const clock = need<HTMLInputElement>("input[name=clock]");
  const play = need("button[name=play]");
  const show = (name: string, text: string, spoken = text) => {
    need(`output[name=${name}]`).textContent = text;
    need(`input[name=${name}]`).setAttribute("aria-valuetext", spoken);
  };
  const showClock = () => {
    const { runs } = scene;
    clock.max = String(lastOf(runs));
    clock.value = String(placeIn(runs));
    show("clock", timeText(time, runs.times[placeIn(runs)]));
  };
  const tick = (to: number) => {
    passed = to;
    scene = { ...scene, now: Math.min(placeIn(scene.runs), scene.runs.known - 1) };
    showClock();
    for (const one of frames) one.move();
  };
  const setPlaying = (isOn: boolean, first = passed < 1 ? passed : 0) => {
    playing = isOn ? { since: performance.now(), first } : null;
    play.textContent = isOn ? "Pause" : "Play";
    if (isOn) wake();
    else tell();
  };
  const tell = () => {
    if (!scene.runs.isDone || scene.runs.runs < RUNS) return;
    const doubt = doubts(scene.runs, isInside());
    const box = need(".live-result");
    // The runs are compared with systems of their own size.
    const truth = doublings === 0 ? scene.truth : [];
    const shown = playing ? lastOf(scene.runs) : placeIn(scene.runs);
    box.textContent = `${result(scene.runs, shown, time, variables, truth)} ${doubt}`;
    box.classList.toggle("astray", doubt !== "");
  };

  // A piece of work for every frame of the screen, as long as there is any.
  let isAwake = false;
  let drawn = 0;
  const wake = () => {
    if (!isAwake) requestAnimationFrame(work);
    isAwake = true;
  };
  const work = () => {
    isAwake = false;
    const began = performance.now();
    // A first ensemble is finished before the next one begins, so that there is something to see while the reader moves.
    if (isPending && (working.isDone || working.runs === RUNS)) {
      working = newRuns(FEW);
      isPending = false;
    } else if (working.isDone && working.runs < RUNS && began - changed > PAUSE) working = newRuns(RUNS);
    if (!working.isDone) {
      working.advance(() => performance.now() - began < PIECE);
      // What is shown is replaced by as much; the very first runs are seen to grow.
      if (working.isDone || (!scene.runs.isDone && began - drawn > GROWING)) {
        drawn = began;
        scene = sceneOf(working);
        showClock();
        redraw();
        if (working.isDone) tell();
      }
    } else if (playing) {
      tick(Math.min(1, playing.first + (began - playing.since) / PLAYING));
      if (passed === 1) setPlaying(false);
    }
    if (isPending || playing || !working.isDone || working.runs < RUNS) wake();
  };
  const change = () => {
    changed = performance.now();
    isPending = true;
    placeHandle();
    wake();
  };

  // The start.
  const inputs = [...node.querySelectorAll<HTMLInputElement>("input[data-variable]")];
  const select = find<HTMLSelectElement>("select");
  /** Shows it everywhere but where it is typed. */
  const fill = (source?: HTMLInputElement) => {
    for (const input of inputs) {
      if (input !== source) input.value = String(Number(z[Number(input.dataset.variable)].toPrecision(4)));
    }
    if (select) select.value = String(from ?? "");
  };
  const moveStart = (to: readonly number[], taken: number | null = null, source?: HTMLInputElement) => {
    const others = z.slice(2).join();
    z = variables.map(({ low, high }, j) => (taken === null ? Math.max(low, Math.min(high, to[j])) : to[j]));
    [from, widest] = [taken, 0];
    if (z.slice(2).join() !== others) surround();
    fill(source);
    change();
  };
  for (const input of inputs) {
    input.addEventListener("input", () => {
      const to = input.valueAsNumber;
      if (Number.isFinite(to)) moveStart(z.with(Number(input.dataset.variable), to), null, input);
    });
  }
  select?.addEventListener("change", () => {
    if (select.value === "") moveStart(z);
    else moveStart(starts[Number(select.value)].z, Number(select.value));
  });

  // The system.
  const showSystem = () => {
    const { note, value } = equation();
    if (size) {
      const text = formatSetting(Number((size.value * 2 ** doublings).toPrecision(6)));
      show("size", text, `${text} ${size.what}`);
    }
    if (setting && value !== null) show("setting", `${formatSetting(value)} ${setting.unit}`.trim());
    const told = doublings === 0 ? "" : `Noise × ${rounded(2 ** (-doublings / 2))}, as σσᵀ ∝ 1/n. `;
    const line = find(".live-note");
    if (line) line.textContent = told + note;
  };
  find<HTMLInputElement>("input[name=size]")?.addEventListener("input", ({ target }) => {
    doublings = (target as HTMLInputElement).valueAsNumber;
    showSystem();
    change();
  });
  find<HTMLInputElement>("input[name=setting]")?.addEventListener("input", ({ target }) => {
    [which, widest] = [(target as HTMLInputElement).valueAsNumber, 0];
    surround();
    showSystem();
    change();
  });
  need("button[name=noise]").addEventListener("click", () => {
    seed = (seed + 1) >>> 0;
    change();
  });
  play.addEventListener("click", () => setPlaying(!playing));
  clock.addEventListener("input", () => {
    if (playing) setPlaying(false);
    tick(clock.valueAsNumber / lastOf(scene.runs));
    tell();
  });

  const open = () => {
    surround();
    const axis = (label: string, range: Range) => ({ label, range });
    const hosts = [...node.querySelectorAll<HTMLElement>(".live-time")];
    const tall = (wide: number) => Math.max(260, Math.min(wide, 460));
    const each = () => Math.max(140, 440 / hosts.length);
    const space = frame(need(".live-plane"), {
      x: axis(labelOf(variables[0]), wideRange(0)),
      y: potential
        ? axis(`potential −∫ f d${variables[0].symbol}`, potential.range)
        : axis(labelOf(variables[1]), wideRange(1)),
      height: tall,
      still: (sheet) => {
        if (potential) pictures.landscape(sheet, potential, scene);
        else if (field) pictures.plane(sheet, field, scene);
      },
      moving: (sheet) => {
        if (potential) pictures.histogram(sheet, potential, scene);
        else pictures.cloud(sheet, scene);
      },
      placed: () => placeHandle(),
    });
    const courses = hosts.map((host, k) => {
      const isSpread = k >= variables.length;
      return frame(host, {
        x: axis(time, [0, horizon]),
        y: isSpread ? axis(`std of ${variables[0].symbol}`, [0, 1]) : axis(labelOf(variables[k]), closeRange(k)),
        height: each,
        still: (sheet) => (isSpread ? pictures.spreadOverTime(sheet, scene, 0) : pictures.overTime(sheet, scene, k)),
        moving: (sheet) => pictures.clockHand(sheet, scene),
      });
    });
    frames = [space, ...courses];
    placeHandle = handle({
      ...{ frame: space, variables, isInside },
      place: () => [z[0], potential ? pictures.heightAt(potential, z[0]) : z[1]],
      start: () => z,
      move: (to) => moveStart(to),
      drop: () => {
        if (!isCalm.matches) setPlaying(true, 0);
      },
    });
    new ResizeObserver(() => {
      for (const one of frames) one.resize();
    }).observe(node);
    fill();
    showSystem();
    tick(1);
    if (isCalm.matches) wake();
    else setPlaying(true, 0);
  };
  need(".live-off").hidden = true;
  need(".live-body").hidden = false;
  new IntersectionObserver((seen, observer) => {
    if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
    observer.disconnect();
    open();
  }).observe(node);
  return redraw;
}
