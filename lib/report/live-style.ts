/** The style of the section in which an equation is integrated (live-equation.ts). Paper does not show it: its controls are nothing there. */
export const LIVE_STYLE = `
.live{margin:1.2rem 0 2rem}
.live-body{display:grid;grid-template-columns:minmax(0,1fr);gap:.7rem}.live-body[hidden],.live-off[hidden]{display:none}
.live-off{font-family:var(--sans);background:var(--raised);padding:.7rem .9rem;border-radius:6px}
.live-plots{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1.15fr);gap:1rem 1.4rem;align-items:start}
.live-plots>div{min-width:0}.live-times{display:grid;gap:.3rem}.live-times>div{min-width:0}
.live-plane{min-height:260px}
.live .u-over{overflow:hidden;touch-action:pan-y}
.live-plane .u-over{overflow:visible}
.live-above{position:absolute;inset:0;width:100%;height:100%;pointer-events:none}
.live-handle{position:absolute;left:-11px;top:-11px;width:22px;height:22px;border-radius:50%;border:2.5px solid var(--text);background:color-mix(in srgb,var(--paper) 55%,transparent);cursor:grab;touch-action:none;z-index:5}
.live-handle.astray{border-color:var(--ink-naive)}
.live-handle::after{content:"";position:absolute;inset:-9px}
.live-handle:active{cursor:grabbing}.live-handle:focus-visible{border-radius:50%}
.live-key{display:flex;flex-wrap:wrap;gap:.15rem 1.2rem;font:.8rem/1.4 var(--sans);color:var(--muted)}
.live-key span{display:inline-flex;align-items:center;gap:.4rem}
.live-key i{display:inline-block;width:1.5rem;height:.2rem;background:var(--key)}
.live-key i.cloud{width:.5rem;height:.5rem;border-radius:50%}.live-key i.area{height:.75rem;opacity:.75}
.live-clock{display:flex;flex-wrap:wrap;align-items:center;gap:.4rem .7rem;font:.84rem/1.3 var(--sans)}
.live-clock input{flex:1 1 8rem;min-width:0}.live-clock output{min-width:6em;font-variant-numeric:tabular-nums}
.live button,.live select,.live input[type=number]{font:.84rem/1.2 var(--sans);color:var(--text);background:var(--raised);border:1px solid var(--rule);border-radius:6px;padding:.4rem .7rem}
.live button{cursor:pointer}.live button:hover{border-color:var(--text)}.live button[name=play]{min-width:4.6rem}
.live input[type=range]{accent-color:var(--accent);height:1.5rem;margin:0}
.live-settings{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr));gap:.4rem 1.4rem;align-items:start}
.live fieldset{border:0;border-top:1px solid var(--grid);margin:0;padding:.5rem 0 0;min-width:0}
.live legend{font:600 .84rem/1.3 var(--sans);color:var(--muted);padding:0 .5rem 0 0}
.live-slider{display:grid;grid-template-columns:minmax(4.2rem,auto) minmax(0,1fr) 6.2rem;gap:.6rem;align-items:center;font:.84rem/1.3 var(--sans);margin:.25rem 0}
.live-slider select{grid-column:2/-1;min-width:0;padding:.35rem .5rem}
.live-slider input[type=number]{width:100%;padding:.3rem .4rem;font-variant-numeric:tabular-nums}
.live-slider input[type=range]{width:100%}.live-slider output{font-variant-numeric:tabular-nums}
.live-note{font:.8rem/1.4 var(--sans);color:var(--muted);margin:.2rem 0 0;min-height:1.1em}
.live-result{font:.95rem/1.5 var(--sans);font-variant-numeric:tabular-nums;background:var(--raised);border-left:3px solid var(--ink-compensator);border-radius:0 6px 6px 0;padding:.55rem .9rem;margin:0;min-height:2.5em;max-width:none}
.live-result.astray{border-color:var(--ink-naive)}
@media (max-width:46rem){.live-plots{grid-template-columns:minmax(0,1fr)}}
@media print{#live{display:none}}`;
