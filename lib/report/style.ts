import { inkVariables, PAPER } from "./palette.ts";

const LIGHT = `color-scheme:light;--paper:${PAPER.light};--raised:#f6f7f9;--text:#1c2128;--muted:#58616c;--rule:#9aa3ad;--grid:#e8ebef;--accent:#0068b0;--shade:rgb(0 0 0/.22);--band:.18;${inkVariables("light")}`;
const DARK = `color-scheme:dark;--paper:${PAPER.dark};--raised:#1d2128;--text:#e4e8ed;--muted:#a0aab6;--rule:#616b77;--grid:#282e37;--accent:#58b4f0;--shade:rgb(255 255 255/.3);--band:.36;${inkVariables("dark")}`;

/** A shade at the right edge of what scrolls there, which its end hides. */
const EDGE =
  "linear-gradient(to left,var(--paper) 1.2rem,transparent) right/2.4rem 100% no-repeat local,linear-gradient(to left,var(--shade),transparent) right/1rem 100% no-repeat scroll";

/** The style sheet of every report: one column, system fonts, two themes, print. */
export const STYLE = `
:root{${LIGHT};--edge:${EDGE};--serif:Charter,"Bitstream Charter","Sitka Text",Cambria,"Noto Serif",Georgia,serif;--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;--mono:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${DARK}}}
:root[data-theme=dark]{${DARK}}
*{box-sizing:border-box}
html{background:var(--paper);color:var(--text);font:17px/1.55 var(--serif);-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0;overflow-x:clip}
main,header.top,footer.end{max-width:66rem;margin:0 auto;padding:0 1.25rem}
header.top{padding-top:1.6rem;display:grid;grid-template-columns:1fr auto;gap:0 1rem;align-items:start}
h1{font-size:1.55rem;line-height:1.18;letter-spacing:-.012em;font-weight:600;margin:0;text-wrap:balance}
.subtitle{grid-column:1/-1;margin:.6rem 0 0;color:var(--muted);font:.93rem/1.5 var(--sans);overflow-wrap:anywhere}
#theme{font:.8rem/1 var(--sans);color:var(--muted);background:none;border:1px solid var(--grid);border-radius:999px;padding:.5rem .8rem;cursor:pointer;white-space:nowrap;margin-top:.35rem}
#theme:hover{color:var(--text);border-color:var(--rule)}
nav.contents{grid-column:1/-1;margin:.9rem 0 0;padding:.45rem 0;border-block:1px solid var(--grid);font:.86rem/1.7 var(--sans)}
nav.contents ol{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.1rem 1.5rem}
a{color:var(--accent);text-underline-offset:.18em;text-decoration-thickness:1px}
nav.contents a{text-decoration:none}nav.contents a:hover{text-decoration:underline}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:2px}
section{margin-top:3rem}
#summary{margin-top:1.2rem}
#summary>h2{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
section>p,section>ul,.prose{max-width:43rem}
h2{font-size:1.4rem;line-height:1.25;font-weight:600;margin:0 0 .6rem;letter-spacing:-.006em}
h3{font:600 1.02rem/1.35 var(--sans);margin:0}
h4{font:600 .86rem/1.3 var(--sans);margin:0 0 .1rem;color:var(--muted);text-align:center}
p{margin:.6rem 0}
.lead{font-size:1.16rem;line-height:1.45;max-width:none;margin:0 0 .9rem;text-wrap:pretty}
.first{display:grid;grid-template-columns:minmax(0,1fr) 17rem;gap:0 2rem;align-items:start}
.first:not(:has(.tiles)),.first:not(:has(figure)){grid-template-columns:minmax(0,1fr)}
.first>figure{margin:0 0 1.2rem}
.tiles{margin:0 0 1.2rem;display:grid;gap:.9rem}
.first:not(:has(figure)) .tiles{grid-template-columns:repeat(auto-fit,minmax(15rem,1fr))}
.tile{border-top:2px solid var(--accent);padding:.45rem 0 0;font:.86rem/1.4 var(--sans)}
.tile dt{color:var(--muted)}.tile dd{margin:0}
.tile .value{font-size:1.5rem;line-height:1.3;font-weight:600;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
.tile small{font-size:.95rem;font-weight:400;color:var(--muted);white-space:nowrap}
.tile .line{display:block;font-size:1.15rem}
.tile .note{color:var(--muted);text-wrap:pretty}
.guide{border-block:1px solid var(--grid);margin:0 0 1.6rem}
.guide>summary{cursor:pointer;font:600 .95rem/1.4 var(--sans);padding:.6rem 0;color:var(--accent)}
.guide .prose{padding-bottom:1rem}.guide h3{margin-top:1.3rem}.guide ul{padding-left:1.2rem}
.words{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.4rem 0}.words dt{font-style:italic}.words dd{margin:0}
.formula{overflow-y:hidden;padding:.3rem 0}
math{font-size:1.06em;font-family:"Latin Modern Math","STIX Two Math","Cambria Math","Noto Sans Math",math,var(--serif)}
.drawing{width:100%;max-width:43rem;height:auto;margin:.6rem 0}.drawing text{font:13px var(--sans);fill:var(--muted)}.drawing .math{font:18px var(--serif);fill:var(--text)}
.lead strong{font-weight:600;white-space:nowrap}
.warning{border-left:4px solid #d15400;background:var(--raised);padding:.6rem .9rem;margin:0 0 1.2rem;max-width:50rem}.warning p{margin:0;font-weight:600}.warning ul{margin:.3rem 0 0;padding-left:1.2rem}
figure{margin:1.9rem 0 2.6rem;counter-increment:figure}
main{counter-reset:figure}
figure>h3::before{content:"Figure " counter(figure) "  ";color:var(--muted);font-weight:400}
figure>h3 a{color:inherit;text-decoration:none}figure>h3 a:hover{text-decoration:underline}
figcaption{font:.9rem/1.5 var(--sans);color:var(--muted);max-width:52rem;margin-top:.55rem}
figcaption i,.prose i{font-family:var(--serif)}
.legend{display:flex;flex-wrap:wrap;gap:.1rem .35rem;margin:.45rem 0 .5rem -.45rem}
.legend button{display:inline-flex;align-items:center;gap:.45rem;font:.84rem/1.3 var(--sans);color:var(--text);background:none;border:0;border-radius:5px;padding:.25rem .45rem;cursor:pointer;text-align:left}
.legend button:hover{background:var(--raised)}
.legend button[aria-pressed=false]{opacity:.42;text-decoration:line-through}
.legend svg{flex:none}
.panels{display:grid;grid-template-columns:repeat(var(--columns,1),minmax(0,1fr));gap:1.1rem 1.4rem}
@media (max-width:58rem){.panels{grid-template-columns:repeat(min(var(--columns,1),2),minmax(0,1fr))}}
@media (max-width:40rem){.panels{grid-template-columns:minmax(0,1fr)}}
.panel,.plot{min-width:0}
.folded{margin-top:.9rem}.folded>.panels{margin-top:.7rem}
summary{cursor:pointer;width:max-content;max-width:100%;font:.84rem/1.5 var(--sans);color:var(--muted)}
.u-over{overflow:visible}
.readout{position:absolute;z-index:9;pointer-events:none;font:.78rem/1.45 var(--sans);font-variant-numeric:tabular-nums;width:max-content;max-width:calc(100vw - 8px);background:var(--paper);color:var(--text);border:1px solid var(--grid);border-radius:6px;padding:.35rem .55rem;box-shadow:0 3px 14px rgb(0 0 0/.16)}
.readout b{font-weight:600}.readout small{color:var(--muted);font-size:.72rem}.readout>b:first-child{display:block}
.readout div::before{content:"";display:inline-block;width:.6em;height:.6em;border-radius:50%;margin-right:.45em;background:var(--key)}
.u-select{background:color-mix(in srgb,var(--accent) 14%,transparent)}
.u-hz .u-cursor-x,.u-vt .u-cursor-y{border-right:1px dashed var(--rule)}.u-hz .u-cursor-y,.u-vt .u-cursor-x{border-bottom:1px dashed var(--rule)}
.numbers{font:.84rem/1.5 var(--sans);color:var(--muted);margin-top:.35rem}
.save{display:flex;flex-wrap:wrap;gap:.2rem .9rem;margin:.5rem 0 .2rem}
.save button{font:.84rem/1.5 var(--sans);color:var(--muted);background:none;border:0;padding:.1rem 0;cursor:pointer;text-decoration:underline;text-decoration-color:var(--rule);text-underline-offset:.2em}
.save button:hover{color:var(--text)}
.spoken{position:absolute;width:1px;height:1px;margin:0;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.scroll{overflow-x:auto;max-width:100%}
.scroll[tabindex]{background:var(--edge)}
.scroll :is(tbody th,tr>:first-child){position:sticky;left:0;z-index:1;background:var(--paper)}
.scroll caption{position:sticky;left:0;background:var(--paper)}
.numbers .scroll{max-height:22rem;overflow:auto;margin:.3rem 0 1rem}
.numbers thead th{position:sticky;top:0;z-index:1;background:var(--paper)}.numbers thead tr>:first-child{z-index:2}
table{border-collapse:collapse;font:.88rem/1.4 var(--sans);font-variant-numeric:tabular-nums lining-nums;margin:.4rem 0 1rem}
caption{max-width:min(52rem,calc(100vw - 2.5rem));caption-side:top;text-align:left;color:var(--muted);padding-bottom:.4rem}
thead th{border-block:1.5px solid var(--text) ;border-bottom-width:1px;font-weight:600;vertical-align:bottom;text-align:right}
tbody tr:last-child>*{border-bottom:1.5px solid var(--text)}
th,td{padding:.28rem .85rem .28rem 0;text-align:right;vertical-align:baseline}
th:last-child,td:last-child{padding-right:.2rem}
th.text,td.text,tbody th{text-align:left;font-weight:400}
thead th.text{font-weight:600}
thead .unit{font-weight:400;color:var(--muted);white-space:nowrap}
td{white-space:nowrap}td.long{white-space:normal;min-width:min(26rem,60vw)}
td.missing{text-align:center;color:var(--muted)}thead th.number{text-align:center}
td .whole,td .rest{display:inline-block;white-space:pre}td .whole{text-align:right}td .rest{text-align:left}
.numbers thead th{border-width:1px;border-color:var(--rule)}.numbers tbody tr:last-child>*{border-bottom:1px solid var(--rule)}
.pictures{display:flex;flex-wrap:wrap;gap:1.2rem 1.6rem;align-items:flex-start;margin-top:.8rem;--spin:min(var(--zoom),calc((100vw - 2.6rem)/var(--widest)))}
.pictures>div{font:.84rem/1.4 var(--sans);color:var(--muted);max-width:100%}
.pictures img{display:block;image-rendering:pixelated;width:calc(var(--side)*var(--spin));height:calc(var(--tall)*var(--spin));margin-bottom:.4rem;outline:1px solid var(--rule)}
.pictures p{margin:0;max-width:max(calc(var(--side)*var(--spin)),10rem)}
.scale{display:flex;align-items:center;gap:.5rem;font-variant-numeric:tabular-nums}
.bar{flex:1;height:.7rem;outline:1px solid var(--rule);print-color-adjust:exact;-webkit-print-color-adjust:exact}
.heats{display:flex;flex-wrap:wrap;gap:.6rem 2rem;margin-top:.6rem}.heat{min-width:0;max-width:100%;font:.84rem/1.4 var(--sans);color:var(--muted)}
.heat table{border-collapse:separate;border-spacing:1px;margin:.2rem 0 .5rem}.heat :is(th,td){border:0!important;padding:.3rem .45rem;text-align:center;color:var(--text);white-space:nowrap}.heat thead td{color:var(--muted)}.heat td{print-color-adjust:exact;-webkit-print-color-adjust:exact}.heat .scale{margin:0;max-width:22rem}
.find{display:flex;flex-wrap:wrap;align-items:center;gap:.2rem .6rem;font:.84rem/1.5 var(--sans);color:var(--muted);margin:.5rem 0}.find input{font:inherit;color:var(--text);background:var(--paper);border:1px solid var(--rule);border-radius:5px;padding:.25rem .5rem;width:20rem;max-width:100%}
.tables{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr));gap:0 2.5rem;align-items:start}
.tables table{width:100%}.tables td{overflow-wrap:anywhere;white-space:normal;text-align:left;width:60%}.tables :is(th,td){border-bottom:1px solid var(--grid)!important}
code,pre{font:.86em/1.5 var(--mono)}
pre{background:var(--raised);border:1px solid var(--grid);border-radius:6px;padding:.7rem .9rem;overflow-x:auto;max-width:100%}
footer.end{margin-top:3.5rem;padding-block:1.2rem 3rem;color:var(--muted);font:.84rem/1.55 var(--sans)}
footer.end p{border-top:1px solid var(--grid);padding-top:1rem;margin:0}
noscript p{background:var(--raised);padding:.7rem .9rem;border-radius:6px;font-family:var(--sans)}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,28rem),1fr));gap:3rem 2.5rem}
.card img{width:100%;height:auto;display:block;margin:.6rem 0}
.card h2{margin:0;font-size:1.25rem;text-wrap:balance}.card h2 a{text-decoration:none}.card h2 a:hover{text-decoration:underline}.card table{font-size:.76rem}.card :is(th,td){padding-right:.55rem}.card .subtitle{font-size:.82rem}.card code{display:inline-block;max-width:100%}.card p{font-size:.97rem}
@media (max-width:58rem){.first{grid-template-columns:minmax(0,1fr)}.first .tiles{grid-template-columns:repeat(auto-fit,minmax(min(100%,13rem),1fr));gap:1rem 1.5rem;order:-1}}
@media (max-width:40rem){.words{grid-template-columns:1fr}.words dd{margin:0 0 .4rem}html{font-size:16px}h1{font-size:1.3rem;text-wrap:wrap}header.top{padding-top:.9rem}nav.contents ol{flex-wrap:nowrap;overflow-x:auto;white-space:nowrap;background:var(--edge)}.subtitle{font-size:.82rem}#theme{padding:.35rem .6rem}.lead{font-size:1.1rem}}
${printStyle()}`;

/** Paper: light whatever the theme, no controls, whole figures, canvases scaled to the column. */
function printStyle(): string {
  return `@page{margin:14mm}
:root.printing{font-size:10.5pt}
:root.printing body{width:182mm}
:root.printing :is(main,header.top,footer.end){max-width:none;padding:0}
:root.printing :is(th,td){padding-right:.5rem}
.tight :is(td,.whole,.rest){white-space:normal!important}.tight :is(.whole,.rest){display:inline;min-width:0!important}
.upright thead th:not(:first-child){writing-mode:vertical-rl;transform:rotate(180deg);white-space:nowrap;text-align:left;padding:.3rem 0;border:solid var(--text);border-width:1.5px 0 1px}
:root.printing .first{grid-template-columns:minmax(0,1fr)}:root.printing .tiles{grid-template-columns:repeat(3,1fr);gap:1rem 1.5rem;order:-1}
:root.printing .panels{grid-template-columns:repeat(var(--columns,1),minmax(0,1fr))!important;gap:.6rem 1rem}
@media print{
:root,:root:not([data-theme=light]),:root[data-theme=dark]{${LIGHT}}
html{font-size:10.5pt}
main,header.top,footer.end{max-width:none;padding:0}
header.top{padding-top:0}
footer.end{margin-top:1rem;padding-block:.5rem 0}
#theme,nav.contents,.numbers,.find,.save,.spoken,.folded,.readout,noscript{display:none!important}
section{margin-top:1.6rem}
figure{margin:1rem 0 1.6rem}
figure,.panel,.pictures,.scroll,tr,pre,.tables table,.prose :is(p,li,.formula),h2+p,h3+p{break-inside:avoid}
h2,h3,h4,.legend,h2+p,h3+p,caption,summary{break-after:avoid}
p,li,figcaption{orphans:3;widows:3}
thead{display:table-header-group}
th,td{padding-right:.5rem}
.panels{grid-template-columns:repeat(var(--columns,1),minmax(0,1fr))!important;gap:.6rem 1rem}
.plot,.uplot,.u-wrap{width:100%!important;height:auto!important;overflow:visible!important}
.u-over,.u-under,.u-axis{display:none!important}
.uplot canvas{width:100%!important;height:auto!important}
.legend button[aria-pressed=false]{display:none}
.legend button{padding-block:.1rem}
.pictures{--spin:min(var(--zoom),calc(54mm/var(--widest)))}
img,svg,canvas{print-color-adjust:exact;-webkit-print-color-adjust:exact}
a{color:inherit;text-decoration:none}
pre{white-space:pre-wrap;overflow-wrap:anywhere}
.scroll{overflow:visible;background:none!important}
.scroll :is(th,td,caption){position:static!important}.scroll :is(th,td,caption):not(.heat td){background:none!important}
}`;
}
