/** The style sheet of the dashboard. Its hash is in the page's policy: no other style is taken. Contrast is at least 4.5 to 1 in both schemes. */
export const style = `
:root{color-scheme:light dark;--back:#fff;--card:#f6f8fa;--text:#1f2328;--soft:#59636e;--line:#d1d9e0;--mark:#0969da;--good:#116329;--bad:#c1121f;--wait:#7d4e00}
@media (prefers-color-scheme:dark){:root{--back:#0d1117;--card:#161b22;--text:#e6edf3;--soft:#9da7b3;--line:#3d444d;--mark:#58a6ff;--good:#56d364;--bad:#ff8982;--wait:#e3b341}}
*{box-sizing:border-box}
[hidden]{display:none!important}
body{margin:0 auto;max-width:1120px;padding:16px;background:var(--back);color:var(--text);font:15px/1.5 system-ui,sans-serif}
h1{font-size:24px;margin:0 0 4px}h2{font-size:19px;margin:32px 0 8px}h3{font-size:16px;margin:24px 0 8px}
a{color:var(--mark)}a:focus-visible,select:focus-visible,summary:focus-visible,button:focus-visible,.wide:focus-visible{outline:3px solid var(--mark);outline-offset:2px}
.skip{position:absolute;left:-9999px}.skip:focus{left:16px;top:8px;background:var(--back);padding:8px}
.soft{color:var(--soft);margin:0}
form{display:flex;flex-wrap:wrap;gap:12px;align-items:end;margin:16px 0;padding:12px;background:var(--card);border:1px solid var(--line);border-radius:8px}
label{display:grid;gap:2px;font-size:13px}select,button{font:inherit;color:var(--text);background:var(--back);border:1px solid var(--soft);border-radius:6px;padding:6px 8px;min-height:36px;max-width:100%}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(190px,1fr));gap:12px;margin:8px 0;padding:0;list-style:none}
.tiles li{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px}
.tiles b{display:block;font-size:22px;line-height:1.3;font-variant-numeric:tabular-nums}.tiles span{display:block;font-size:13px;color:var(--soft)}.tiles .name{color:var(--text)}
.charts{margin:12px 0;display:grid;grid-template-columns:repeat(auto-fill,minmax(290px,1fr));gap:12px}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px}figcaption{font-size:13px;color:var(--soft);margin-top:4px}figcaption b{display:block;color:var(--text);font-size:14px}
svg{display:block;width:100%;height:auto}.grid{stroke:var(--line)}.axis{fill:var(--soft);font:10.5px system-ui,sans-serif}.axis.end{text-anchor:end}
.bar{fill:var(--mark)}.line{fill:none;stroke:var(--mark);stroke-width:2}.limit{stroke:var(--bad);stroke-dasharray:4 3}.dot{fill:var(--mark)}.dots{stroke:var(--mark);stroke-width:6;stroke-linecap:round}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px}caption{text-align:left;max-width:calc(100vw - 32px);color:var(--soft);font-size:13px;padding:0 0 4px}
th,td{text-align:left;vertical-align:top;padding:6px 10px;border-bottom:1px solid var(--line)}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
code{font:13px ui-monospace,monospace;overflow-wrap:anywhere}
.state{font-weight:600}.good{color:var(--good)}.bad{color:var(--bad)}.wait{color:var(--wait)}
details summary{cursor:pointer}ol.line-of-time{margin:4px 0;padding-left:18px}
footer{margin-top:40px;color:var(--soft);font-size:13px}
@media (max-width:600px){.list{min-width:190px}tbody th{min-width:90px}.why{min-width:260px}body{padding:12px}th,td{padding:6px}.tiles{grid-template-columns:1fr 1fr}.tiles b{font-size:18px}}
@media print{:root{--back:#fff;--card:#fff;--text:#000;--soft:#444;--line:#bbb;--mark:#0550ae;--good:#116329;--bad:#a40e26;--wait:#7d4e00}form,.skip{display:none}body{max-width:none}figure,.tiles li,tr{break-inside:avoid}.wide{overflow:visible}}
`.trim()
