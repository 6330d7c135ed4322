/// <reference lib="dom" />
// One section of the page in which an equation is integrated: what the reader sets, the runs that follow, and the frames that show them.
import { extent } from "../../extent.ts";
import type { LiveData } from "../../live-equation.ts";
import { formatSetting, formatWithInterval, shortNumber } from "../../number.ts";
import { element } from "../element.ts";
import { equationsOf, truthOf } from "./equation.ts";
import { type Frame, frame, type Sheet } from "./frame.ts";
import * as pictures from "./pictures.ts";
import { Runs } from "./runs.ts";

/** Runs of an ensemble, and of a first one while the reader still moves something. */
const RUNS = 200;
const FEW = 40;
/** A piece of work, ms: no task is much longer. */
const PIECE = 12;
/** The reader has stopped when nothing has moved for so long, ms. */
const STILL = 140;
/** The time of the runs passes in so many ms. */
const PLAYING = 6000;
/** A step by an arrow key, as a part of the range. */
const STEP = 0.02;
/** Least part of the range of a variable that its course is shown in. */
const LEAST_SHOWN = 0.2;

const nameOf = (label: string) => label.replace(/\s*\[[^\]]*\]\s*$/, "");
const unitOf = (label: string) => /\[([^\]]*)\]\s*$/.exec(label)?.[1] ?? "";

/** Brings a section to life; returns what draws it again in other colours. */
export function section(node: HTMLElement): () => void {
  const data: LiveData = JSON.parse(node.querySelector("script")?.text ?? "");
  const { variables, starts, size, time } = data;
  const equations = equationsOf(data);
  const flat = variables.length === 1;
  const find = <T extends HTMLElement>(selector: string) => node.querySelector<T>(selector);
  const need = <T extends HTMLElement>(selector: string) => {
    const found = find<T>(selector);
    if (!found) throw new Error(`the live section lacks ${selector}`);
    return found;
  };
  const show = (name: string, text: string) => {
    const output = find<HTMLOutputElement>(`output[name=${name}]`);
    if (output) output.textContent = text;
  };
  need(".live-off").hidden = true;
  need(".live-body").hidden = false;

  // What is set.
  let which = data.at;
  let doublings = 0;
  let seed = data.seed;
  /** The start of the test that is taken, with all variables; null for one of the reader's own. */
  let from: number | null = 0;
  let z = starts[0].z.slice(0, variables.length);
  // What is shown.
  let runs: Runs;
  let scene: pictures.Scene;
  let field: pictures.Field | undefined;
  let potential: pictures.Potential | undefined;
  let now = 0;
  let changed = Number.NEGATIVE_INFINITY;
  let pending = false;
  let playing: { since: number; first: number } | null = null;
  const frames: Frame[] = [];
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  const equation = () => equations[which];
  const startState = () => equation().complete(from === null ? z : starts[from].z);
  const begin = (count: number) => {
    const noise = Math.sqrt(2 ** -doublings);
    runs = new Runs(equation(), startState(), { runs: count, noise, horizon: data.horizon, seed });
    pending = false;
  };

  /** Moments of what is known so far, and the truth of the start. */
  const look = () => {
    const times = runs.times.subarray(0, runs.known);
    const laws = variables.map((_, j) => {
      const own = Array.from(times, (_, t) => runs.law(t, j));
      return { times, mean: own.map(({ mean }) => mean), std: own.map(({ std }) => std) };
    });
    const { late } = equation();
    const all = [runs.times[0], runs.times[runs.times.length - 1]];
    const ends = late.map(({ mean, std }) => ({ times: all, mean: [mean, mean], std: [std, std] }));
    const truth = from !== null && !isOther() && truths[from].length > 0 ? truths[from] : ends;
    scene = { equation: equation(), runs, laws, truth, now: Math.min(now, runs.known - 1) };
  };
  /** At another setting nothing is known of the truth. */
  const isOther = () => which !== data.at;
  const truths = starts.map(({ truth }) =>
    truth.length === 0
      ? []
      : variables.map((_, j) => ({
          times: truthOf(data, truth[0]),
          mean: truthOf(data, truth[1 + 2 * j]),
          std: truthOf(data, truth[2 + 2 * j]),
        })),
  );

  const whole = (j: number) => variables[j].high - variables[j].low;
  const reachOf = (curve: pictures.Curve | undefined) =>
    curve ? [-1, 1].flatMap((sign) => pictures.shifted(curve, sign)) : [];
  /** In the plane: the range of the variable, wider where runs need it. */
  const wideRange = (j: number): [number, number] => {
    const { low, high } = variables[j];
    const [least, most] = extent([low, high, ...reachOf(scene.laws[j])]);
    const air = 0.03 * whole(j);
    return [least - air, most + air];
  };
  /** Over time: what there is to see, but no small part of the range, so that a spread looks as small as it is. */
  const closeRange = (j: number): [number, number] => {
    const [least, most] = extent([...reachOf(scene.laws[j]), ...reachOf(scene.truth[j])]);
    const air = Math.max(0.06 * (most - least), (LEAST_SHOWN * whole(j) - (most - least)) / 2);
    return [least - air, most + air];
  };
  /** From zero on; it never shrinks while the start stays, so that one sees the spread change. */
  const spreadRange = (): [number, number] => {
    const [, most] = extent([scene.laws[0].std, scene.truth[0]?.std ?? []].flatMap((std) => Array.from(std)));
    widest = Math.max(widest, 1.15 * (most > 0 ? most : 0));
    return [0, widest || 1];
  };
  let widest = 0;
  const redraw = () => {
    look();
    const [space, ...courses] = frames;
    if (flat) space.redraw();
    else space.redraw({ x: wideRange(0), y: wideRange(1) });
    for (const [k, one] of courses.entries()) one.redraw({ y: k < variables.length ? closeRange(k) : spreadRange() });
    placeHandle();
  };
  const refield = () => {
    if (flat) potential = pictures.potentialOf(equation(), variables[0]);
    else field = pictures.fieldOf(equation(), variables, z.slice(2));
  };

  // The clock.
  const clock = need<HTMLInputElement>("input[name=clock]");
  const play = need<HTMLButtonElement>("button[name=play]");
  const tick = (to: number) => {
    now = to;
    scene = { ...scene, now: Math.min(now, runs.known - 1) };
    clock.value = String(now);
    const text = `${nameOf(time)} ${shortNumber(Number(runs.times[now].toPrecision(3)))} ${unitOf(time)}`.trim();
    clock.setAttribute("aria-valuetext", text);
    show("clock", text);
    for (const one of frames) one.move();
  };
  const setPlaying = (on: boolean) => {
    const last = runs.times.length - 1;
    playing = on ? { since: performance.now(), first: now >= last ? 0 : now } : null;
    play.textContent = on ? "Pause" : "Play";
    if (on) wake();
    else tell();
  };

  /** The result in words. */
  const result = need(".live-result");
  const tell = () => {
    if (!runs.isDone) return;
    // Where the clock goes to, while it goes.
    const shownTime = playing ? runs.times.length - 1 : now;
    const at = runs.times[shownTime];
    const say = (mean: number, std: number) => formatWithInterval({ value: mean, low: mean - std, high: mean + std });
    const parts = variables.map(({ symbol }, j) => {
      const { mean, std } = runs.law(shownTime, j);
      const exact = doublings === 0 ? scene.truth[j] : undefined;
      const known = exact && nearest(exact.times, at);
      const true_ = exact && known !== undefined ? `, true ${say(exact.mean[known], exact.std[known])}` : "";
      return `${symbol} = ${say(mean, std)}${true_}`;
    });
    const outside = runs.outside();
    const doubts = [
      outside > 0 &&
        `${outside < 0.001 ? "Less than 0.1" : shortNumber(Number((100 * outside).toPrecision(2)))} % of the time of the runs is outside the training data, where the equation is a continuation.`,
      runs.lost > 0 && `${runs.lost} runs have left all bounds and are not shown from there on.`,
    ].filter(Boolean);
    const unit = unitOf(time);
    result.textContent = `At ${nameOf(time)} ${shortNumber(Number(at.toPrecision(3)))}${unit && ` ${unit}`}: ${parts.join("; ")} (mean ± 1 std of ${RUNS} runs). ${doubts.join(" ")}`;
    result.classList.toggle("astray", doubts.length > 0);
  };
  const nearest = (times: ArrayLike<number>, at: number) => {
    let best = 0;
    for (let k = 0; k < times.length; k++) if (Math.abs(times[k] - at) < Math.abs(times[best] - at)) best = k;
    const pause = times.length > 1 ? times[1] - times[0] : 0;
    return Math.abs(times[best] - at) <= pause ? best : undefined;
  };

  // One piece of work a frame of the screen: the runs go on, then time passes.
  let awake = false;
  const wake = () => {
    if (!awake) requestAnimationFrame(work);
    awake = true;
  };
  const work = () => {
    awake = false;
    const started = performance.now();
    const moving = started - changed < STILL;
    // While the reader moves something a first ensemble is finished before the next begins, so that there is something to see.
    if (pending && (runs.isDone || runs.runs > FEW)) begin(FEW);
    else if (!pending && !moving && runs.isDone && runs.runs < RUNS) begin(RUNS);
    if (!runs.isDone) {
      runs.advance(() => performance.now() - started < PIECE);
      // A smaller ensemble stays until the whole one is as far.
      if (runs.runs <= FEW || runs.isDone || !shown) redraw();
      if (runs.isDone) {
        shown = true;
        if (runs.runs === RUNS) tell();
      }
    }
    if (playing && runs.isDone) {
      const last = runs.times.length - 1;
      const to = Math.round(playing.first + ((started - playing.since) / PLAYING) * last);
      tick(Math.min(last, to));
      if (to >= last) setPlaying(false);
    }
    if (pending || playing || !runs.isDone || runs.runs < RUNS) wake();
  };
  let shown = false;
  const change = () => {
    changed = performance.now();
    pending = true;
    placeHandle();
    wake();
  };

  // The start, by number, slider, key or pointer.
  const inputs = variables.map((_, j) => [...node.querySelectorAll<HTMLInputElement>(`input[name=z${j}]`)]);
  const select = find<HTMLSelectElement>("select");
  const fill = () => {
    for (const [j, own] of inputs.entries())
      for (const input of own)
        if (input !== document.activeElement || input.type === "range")
          input.value = String(Number(z[j].toPrecision(4)));
    if (select) select.value = from === null ? "" : String(from);
  };
  const moveStart = (to: readonly number[]) => {
    [from, widest] = [null, 0];
    const before = z;
    z = variables.map(({ low, high }, j) => Math.max(low, Math.min(high, Number.isFinite(to[j]) ? to[j] : z[j])));
    if (!flat && z.some((x, j) => j > 1 && x !== before[j])) refield();
    fill();
    change();
  };
  for (const [j, own] of inputs.entries())
    for (const input of own)
      input.addEventListener("input", () => {
        if (input.value !== "") moveStart(z.with(j, Number(input.value)));
      });
  select?.addEventListener("change", () => {
    from = select.value === "" ? null : Number(select.value);
    widest = 0;
    if (from !== null) z = starts[from].z.slice(0, variables.length);
    refield();
    fill();
    change();
  });

  const handle = element("div");
  handle.className = "live-handle";
  handle.tabIndex = 0;
  handle.setAttribute("role", "slider");
  handle.setAttribute(
    "aria-label",
    flat
      ? `Start ${variables[0].symbol}; arrow keys move it`
      : `Start in the plane of ${variables[0].symbol} and ${variables[1].symbol}; arrow keys move it`,
  );
  const placeHandle = () => {
    const [space] = frames;
    if (!space) return;
    const [left, top] = space.placeOf(z[0], flat && potential ? pictures.heightAt(potential, z[0]) : z[1]);
    handle.style.transform = `translate(${left}px,${top}px)`;
    handle.setAttribute("aria-valuemin", String(variables[0].low));
    handle.setAttribute("aria-valuemax", String(variables[0].high));
    handle.setAttribute("aria-valuenow", String(z[0]));
    handle.setAttribute(
      "aria-valuetext",
      variables.map(({ symbol }, j) => `${symbol} = ${shortNumber(Number(z[j].toPrecision(3)))}`).join(", "),
    );
  };
  handle.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowDown: [flat ? 0 : 1, -1], ArrowUp: [flat ? 0 : 1, 1] }[
      event.key
    ];
    if (!by) return;
    event.preventDefault();
    const [j, sign] = by;
    const step = (event.shiftKey ? 5 : 1) * STEP * (variables[j].high - variables[j].low);
    moveStart(z.with(j, z[j] + sign * step));
  });
  const toPointer = (event: PointerEvent) => {
    const [space] = frames;
    const box = space.over.getBoundingClientRect();
    const [a, b] = space.valueAt(event.clientX - box.left, event.clientY - box.top);
    moveStart(flat ? [a] : [a, b, ...z.slice(2)]);
  };
  const follow = (target: HTMLElement, drags: (event: PointerEvent) => boolean) => {
    target.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      if (drags(event)) {
        event.preventDefault();
        event.stopPropagation();
        target.setPointerCapture(event.pointerId);
        handle.focus({ preventScroll: true });
        toPointer(event);
      }
    });
    target.addEventListener("pointermove", (event) => {
      if (target.hasPointerCapture(event.pointerId)) toPointer(event);
    });
    target.addEventListener("pointerup", (event) => {
      if (target.hasPointerCapture(event.pointerId) && !calm.matches) replay();
    });
  };
  /** From the start on. */
  const replay = () => {
    now = 0;
    setPlaying(true);
  };

  // The system.
  const sizeInput = find<HTMLInputElement>("input[name=size]");
  const settingInput = find<HTMLInputElement>("input[name=setting]");
  const showSystem = () => {
    const { note, value } = equation();
    if (size) {
      const text = formatSetting(Number((size.value * 2 ** doublings).toPrecision(6)));
      show("size", text);
      sizeInput?.setAttribute("aria-valuetext", `${text} ${size.what}`);
    }
    if (data.setting && value !== null) {
      const text = `${shortNumber(value)} ${data.setting.unit}`.trim();
      show("setting", text);
      settingInput?.setAttribute("aria-valuetext", text);
    }
    const told =
      size && doublings !== 0
        ? `σ × ${shortNumber(Number((2 ** (-doublings / 2)).toPrecision(3)))} of the learned one: σσᵀ goes like 1/n. `
        : "";
    const line = find(".live-note");
    if (line) line.textContent = told + note;
  };
  sizeInput?.addEventListener("input", () => {
    doublings = Number(sizeInput.value);
    showSystem();
    change();
  });
  settingInput?.addEventListener("input", () => {
    [which, widest] = [Number(settingInput.value), 0];
    refield();
    showSystem();
    change();
  });
  need<HTMLButtonElement>("button[name=noise]").addEventListener("click", () => {
    seed = (seed + 1) >>> 0;
    change();
  });
  play.addEventListener("click", () => setPlaying(!playing));
  clock.addEventListener("input", () => {
    if (playing) setPlaying(false);
    tick(Number(clock.value));
    tell();
  });

  // The first time that it is seen.
  const open = () => {
    begin(RUNS);
    const last = runs.times.length - 1;
    now = last;
    clock.max = String(last);
    look();
    refield();
    fill();
    showSystem();
    const withScene = (draw: (sheet: Sheet, scene: pictures.Scene) => void) => (sheet: Sheet) => draw(sheet, scene);
    const axis = (j: number, range: [number, number]) => {
      const { symbol, unit } = variables[j];
      return { label: unit && unit !== "1" ? `${symbol} [${unit}]` : symbol, range };
    };
    const hosts = [...node.querySelectorAll<HTMLElement>(".live-time")];
    const tall = (width: number) => Math.max(260, Math.min(width, 460));
    const each = (width: number) =>
      Math.max(150, Math.min(230, (Math.max(0.9 * width, 440) - 24 * hosts.length) / hosts.length));
    const host = need(".live-plane");
    frames.push(
      frame(host, {
        x: axis(0, wideRange(0)),
        y:
          flat && potential
            ? { label: `potential −∫ f d${variables[0].symbol}`, range: potential.range }
            : axis(1, wideRange(1)),
        height: tall,
        still: withScene((sheet, now) => {
          if (flat && potential) pictures.landscape(sheet, potential, now);
          else if (field) pictures.plane(sheet, field, now);
        }),
        moving: withScene((sheet, now) => {
          if (flat && potential) pictures.histogram(sheet, potential, now);
          else pictures.cloud(sheet, now);
        }),
      }),
    );
    for (const [k, own] of hosts.entries()) {
      const isSpread = k >= variables.length;
      frames.push(
        frame(own, {
          x: { label: time, range: [0, runs.times[last]] },
          y: isSpread ? { label: `std of ${variables[0].symbol}`, range: spreadRange() } : axis(k, closeRange(k)),
          height: each,
          still: withScene((sheet, now) =>
            isSpread ? pictures.spreadOverTime(sheet, now, 0) : pictures.overTime(sheet, now, k),
          ),
          moving: withScene(pictures.clockHand),
        }),
      );
    }
    const [space] = frames;
    space.over.append(handle);
    space.over.style.cursor = "crosshair";
    follow(handle, () => true);
    follow(space.over, (event) => {
      if (event.pointerType === "mouse") return true;
      // A finger may want to scroll: it drags the handle, and here it sets it down.
      toPointer(event);
      return false;
    });
    new ResizeObserver(() => {
      for (const one of frames) one.resize();
      placeHandle();
    }).observe(node);
    tick(last);
    placeHandle();
    if (!calm.matches) replay();
    wake();
  };
  new IntersectionObserver((seen, observer) => {
    if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
    observer.disconnect();
    open();
    node.dataset.open = "";
  }).observe(node);
  return () => {
    if (frames.length > 0) redraw();
  };
}
