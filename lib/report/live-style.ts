/** The style of the section in which an equation is integrated (live-equation.ts). Paper does not show it: its controls are nothing there. */
export const LIVE_STYLE = `
.live{margin:1.2rem 0 2rem;font:.84rem/1.35 var(--sans);font-variant-numeric:tabular-nums}
.live-body{display:grid;grid-template-columns:minmax(0,1fr);gap:.7rem}.live [hidden]{display:none}
.live-off,.live-result{font-size:.95rem;line-height:1.5;background:var(--raised);padding:.6rem .9rem;margin:0}
.live-plots{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1.15fr);gap:1rem 1.4rem;align-items:start}
.live h3{font:600 .86rem/1.3 var(--sans);color:var(--muted);text-align:center;margin:0 0 .1rem}
.live-times{display:grid;grid-template-columns:minmax(0,1fr);gap:.3rem}
.live-plane{min-height:260px}.live-plane .u-over{cursor:crosshair}
.live .u-over{touch-action:pan-y}
.live-above{position:absolute;inset:0;width:100%;height:100%;pointer-events:none}
.live-handle{position:absolute;left:-11px;top:-11px;width:22px;height:22px;border-radius:50%!important;border:2.5px solid var(--text);background:color-mix(in srgb,var(--paper) 55%,transparent);cursor:grab;touch-action:none}
.live-handle::after{content:"";position:absolute;inset:-11px}
.live-handle.astray,.live-result.astray{border-color:var(--ink-naive)}
.live-key{display:flex;flex-wrap:wrap;gap:.1rem 1.2rem;color:var(--muted)}
.live-key span{display:inline-flex;align-items:center;gap:.4rem}
.live-key i{width:1.5rem;height:.2rem;background:var(--key)}
.live-key .cloud{width:.5rem;height:.5rem;border-radius:50%}.live-key .area{height:.75rem}
.live-clock{display:flex;flex-wrap:wrap;align-items:center;gap:.4rem .7rem}
.live-clock input{flex:1 1 8rem}.live-clock output{min-width:6em}
.live :is(button,select,[type=number]){font:inherit;color:inherit;background:var(--raised);border:1px solid var(--rule);border-radius:6px;padding:.35rem .6rem}
.live button{cursor:pointer;min-width:4.6rem}
.live [type=range]{accent-color:var(--accent);height:1.5rem;margin:0;min-width:0}
.live-settings{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr));gap:.4rem 1.4rem;align-items:start}
.live fieldset{border:0;border-top:1px solid var(--grid);margin:0;padding:.5rem 0 0;min-width:0}
.live legend{font-weight:600;color:var(--muted);padding-right:.5rem}
.live-slider{display:grid;grid-template-columns:minmax(4.2rem,auto) minmax(0,1fr) 6.2rem;gap:.6rem;align-items:center;margin:.25rem 0}
.live-slider select{grid-column:2/-1;min-width:0}.live-slider [type=number]{width:100%}
.live-note{color:var(--muted);margin:.2rem 0 0;min-height:1.35em}
.live-result{border-left:3px solid var(--ink-compensator);min-height:2.7em}
@media (max-width:46rem){.live-plots{grid-template-columns:minmax(0,1fr)}}
@media print{#live{display:none}}`;
