// The style of every report: light or dark as the system is set, one column on a phone, colours kept in print.

export const style = `
:root{color-scheme:light dark;--paper:#fbfaf7;--card:#fff;--text:#1d2330;--soft:#5d6678;--line:#dfe1e8;--blue:#2a63d6;--orange:#c2570c;--chip:#f1f2f6}
@media (prefers-color-scheme:dark){:root{--paper:#12151c;--card:#1a1f29;--text:#e7eaf1;--soft:#9aa4b8;--line:#2f3644;--blue:#7aa7ff;--orange:#ff9d5c;--chip:#252b38}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%;print-color-adjust:exact;-webkit-print-color-adjust:exact}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0 auto;max-width:56rem;padding:0 1.25rem 4rem;background:var(--paper);color:var(--text);font:16px/1.6 system-ui,"PingFang SC","Hiragino Sans GB","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC",sans-serif}
html:not(:has(#language-zh:checked)) body [lang=zh],html:has(#language-zh:checked) body [lang=en]{display:none}
.languages{position:sticky;top:0;z-index:2;display:flex;gap:.25rem;justify-content:flex-end;padding:.5rem 0;background:var(--paper)}
.languages label{padding:.15rem .7rem;border:1px solid var(--line);border-radius:2rem;cursor:pointer;font-size:.875rem}
.languages input{position:absolute;opacity:0}
.languages label:has(:checked){background:var(--text);color:var(--paper);border-color:var(--text)}
:focus-visible,.languages label:has(:focus-visible){outline:3px solid var(--blue);outline-offset:2px}
h1{font-size:clamp(1.7rem,4vw,2.5rem);line-height:1.2;margin:.5rem 0}
h2{font-size:1.5rem;margin:0 0 .75rem;padding-top:2.5rem;scroll-margin-top:2rem}
h2 code{font-size:.9rem;color:var(--soft);font-weight:400}
h3{font-size:1.1rem;margin:0 0 .35rem}
h4{font-size:.9rem;margin:1.25rem 0 .5rem;color:var(--soft);font-weight:600}
p{margin:.35rem 0;max-width:51rem}
code{font:.875em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
sub{font-size:.7em;line-height:0}
.extension{white-space:nowrap}
a{color:var(--blue)}
.model,.small,footer,.paper{color:var(--soft);font-size:.875rem}
.overview{display:grid;gap:.5rem;margin-top:1rem}
.overview a{color:inherit;text-decoration:none}
.lane{display:grid;grid-template-columns:9rem 1.5rem 1fr;align-items:center;gap:.5rem;border:1px solid var(--line);border-left:4px solid var(--orange);border-radius:.5rem;padding:.5rem .75rem;background:var(--card)}
.lane.text{border-left-color:var(--blue)}
.lane:hover,.result:hover{border-color:var(--soft)}
.thumb{width:4.5rem;height:4.5rem;display:block;border-radius:.25rem;background-size:100% 100%}
.lane .encoder b{display:block}
.lane .encoder code,.lane .arrow{color:var(--soft)}
.quoted{overflow-wrap:anywhere;font-size:.9rem;line-height:1.35;display:block}
.result{border:1px solid var(--line);border-radius:.5rem;padding:.5rem .75rem;background:var(--card);font-variant-numeric:tabular-nums}
.step,details.stages{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1.1rem 1.25rem;margin:0 0 1rem}
.formula code{background:var(--chip);padding:.2rem .5rem;border-radius:.35rem;font-size:.95em}
.formula code+.paper{margin-left:.35rem}
blockquote{margin:0 0 1rem;padding:.35rem 0 .35rem 1rem;border-left:4px solid var(--blue);font-size:1.15rem;overflow-wrap:anywhere}
.chips{list-style:none;display:flex;flex-wrap:wrap;gap:.4rem;margin:.6rem 0 0;padding:0;font-size:.8125rem}
.chips li{background:var(--chip);border-radius:.35rem;padding:.15rem .5rem}
.chips b{font-weight:600;color:var(--orange)}
.text .chips b{color:var(--blue)}
.chips span{color:var(--soft);font-variant-numeric:tabular-nums}
figure{margin:0}
figcaption,.caption{display:block;font-size:.75rem;line-height:1.35;color:var(--soft);margin-top:.3rem}
.pair{display:flex;flex-wrap:wrap;gap:1.25rem;align-items:flex-end;margin-top:.9rem}
.original{position:relative;overflow:hidden;border-radius:.35rem;line-height:0}
.original img{max-width:100%;max-height:20rem}
.original i{display:none;position:absolute;outline:2px solid #fff;box-shadow:0 0 0 999px rgb(0 0 0/.55)}
img.image{display:block;width:20rem;max-width:100%;margin-top:.9rem;border-radius:.35rem}
.pair img.image{margin-top:0}
.pixelated,.map img,.matrix img{image-rendering:pixelated}
.strip{display:grid;grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr));gap:.75rem;margin-top:.9rem}
.strip.small{grid-template-columns:repeat(auto-fill,minmax(7rem,1fr))}
.strip button{font:inherit;color:inherit;text-align:left;background:none;border:2px solid transparent;border-radius:.5rem;padding:.3rem;margin:-.3rem;cursor:pointer}
.strip button[aria-pressed=true]{border-color:var(--orange)}
.text .strip button[aria-pressed=true]{border-color:var(--blue)}
.caption b{color:var(--text);display:block}
.map,.matrix{display:block;position:relative;aspect-ratio:1;border-radius:.3rem;overflow:hidden;line-height:0}
.map::before{content:"";position:absolute;inset:0;background-size:100% 100%;filter:grayscale(1)}
.map img,.matrix img{position:absolute;inset:0;width:100%;height:100%}
.relevance{grid-template-columns:repeat(auto-fill,minmax(14rem,1fr));gap:1.25rem}
.relevance .map img{image-rendering:auto}
.relevance .map.coarse img{image-rendering:pixelated}
.words{display:flex;flex-wrap:wrap;gap:.25rem;margin:.5rem 0 0;font-size:.95rem}
.word{border-radius:.3rem;padding:.05rem .35rem;background:color-mix(in srgb,var(--blue) calc(var(--weight)*75%),transparent);text-align:center;line-height:1.3}
.word small{display:block;font-size:.65rem;font-variant-numeric:tabular-nums}
.matrix{border:1px solid var(--line);background:var(--paper)}
.positions{width:min(100%,16rem)}
.slider{display:flex;gap:.6rem;align-items:center;margin-top:1rem;font-size:.875rem;max-width:30rem}
.slider input{flex:1;accent-color:var(--orange)}
.text .slider input{accent-color:var(--blue)}
.slider output{font-variant-numeric:tabular-nums;min-width:1.5em}
.bars{display:block;width:100%;height:7rem;margin-top:.9rem}
.bars path{stroke:var(--orange);stroke-width:.8;fill:none}
.bars.text path{stroke:var(--blue)}
.bars path.zero,.spread .zero{stroke:var(--line)}
.axis{display:flex;justify-content:space-between;font-size:.75rem;color:var(--soft)}
.columns{display:flex;gap:.3rem;align-items:flex-end;overflow-x:auto}
.column{flex:1 0 2rem;max-width:3.5rem;text-align:center;font-size:.7rem;color:var(--soft);font-variant-numeric:tabular-nums}
.column i{display:block;background:var(--orange);border-radius:2px 2px 0 0}
.text .column i{background:var(--blue)}
.tokens{list-style:none;display:flex;flex-wrap:wrap;gap:.4rem;padding:0;margin:.9rem 0 0}
.tokens li{border:1px solid var(--line);border-radius:.5rem;padding:.3rem .6rem;text-align:center;line-height:1.35;background:var(--chip)}
.tokens li.read{border-color:var(--blue);box-shadow:0 0 0 1px var(--blue)}
.tokens b{display:block;font-weight:600}
.tokens i{font-style:normal;font-weight:400;font-size:.7em;color:var(--soft)}
.tokens span,.tokens small{display:block;font-size:.75rem;color:var(--soft);font-variant-numeric:tabular-nums}
.tokens .place span{display:inline}
.tokens li.read .place{color:var(--blue);font-weight:600}
.wide{overflow-x:auto;margin-top:.9rem}
table{border-collapse:collapse;font-size:.8125rem}
th{text-align:left;font-weight:600}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.stages table{width:100%;min-width:50rem}
.stages td,.stages th{padding:.2rem .6rem .2rem 0;border-top:1px solid var(--line);vertical-align:top}
.stages thead th{border:0;color:var(--soft);font-weight:400}
.stages tbody th{font-weight:400}
.stages thead th:nth-child(n+3):nth-child(-n+7){text-align:right}
.stages .group th{padding-top:.9rem;font-weight:700}
.stages .explanation td{border:0;padding:0 0 .5rem;color:var(--soft);max-width:0}
.stages .explanation code{color:var(--text)}
summary{cursor:pointer;font-weight:600}
summary h2,summary blockquote{display:inline-block;margin:.25rem .75rem .25rem 0;padding-top:0;font-weight:400;font-size:1.15rem}
summary blockquote{padding:0 0 0 .75rem}
.text>details{border-top:1px solid var(--line);padding-top:.75rem;margin-top:1rem}
.text>details[open]>summary{margin-bottom:.75rem}
.spread{width:120px;height:14px;display:block}
.spread .line{stroke:var(--soft)}
.spread rect{fill:var(--orange)}
.text .spread rect{fill:var(--blue)}
.grid td{width:2.6rem;min-width:2.6rem;height:1.7rem;text-align:center;border:1px solid var(--line);font-size:.75rem;font-variant-numeric:tabular-nums}
.grid th{padding:0 .5rem;font-weight:400;white-space:nowrap;font-size:.75rem;color:var(--soft)}
.grid thead td{border:0}
.grid thead th{text-align:center}
.grid tbody th{text-align:right;position:sticky;left:0;background:var(--card)}
.grid .may{background:color-mix(in srgb,var(--blue) 30%,transparent)}
.grid .not{color:var(--soft)}
.grid .read th{color:var(--blue);font-weight:600}
.attention td[style]{background:color-mix(in srgb,var(--blue) calc(var(--weight)*75%),transparent)}
.similarity td,.similarity th{padding:.35rem 1rem .35rem 0;border-top:1px solid var(--line)}
.similarity thead th{border:0;color:var(--soft);font-weight:400}
.similarity thead th:nth-child(2),.similarity thead th:nth-child(3){text-align:right}
.similarity{font-size:.95rem;width:100%}
.share{position:relative;min-width:10rem;width:40%}
.share i{display:inline-block;height:.9rem;background:var(--orange);border-radius:2px;vertical-align:middle;max-width:calc(100% - 3.5rem)}
.share span{margin-left:.5rem;font-variant-numeric:tabular-nums}
footer{margin-top:2rem}
@media (max-width:40rem){body{padding:0 .75rem 3rem}.step,details.stages{padding:.9rem}.strip{grid-template-columns:repeat(auto-fill,minmax(6.2rem,1fr))}.strip.small{grid-template-columns:repeat(auto-fill,minmax(5.2rem,1fr))}}
@media print{body{max-width:none;background:#fff}.languages,.slider{display:none}.step,figure,.strip button{break-inside:avoid}.wide{overflow:visible}.stages table{min-width:0;font-size:.65rem}}
`
