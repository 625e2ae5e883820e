/// The page's style sheet; colors are `Palette.properties`.
enum HTMLStyle {
  static let page = """
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%}
    body{margin:0 auto;max-width:72rem;padding:1rem 1rem 4rem;background:var(--page);\
    color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",\
    sans-serif;overflow-wrap:anywhere}
    h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0 1rem}
    h2{font-size:1.3rem;line-height:1.3;margin:0 0 .5rem}
    h3{font-size:1rem;margin:1.25rem 0 .25rem}
    p,ul{max-width:46rem}
    ul{margin:.25rem 0;padding-left:1.25rem}
    a{color:var(--link)}
    nav{background:var(--panel);padding:.5rem 1rem;margin:1rem 0}
    section{border-top:1px solid var(--grid);margin-top:2rem;padding-top:1.5rem}
    .scroll{overflow-x:auto;margin:.75rem 0}
    .scroll:focus-visible,a:focus-visible,summary:focus-visible{outline:2px solid var(--link)}
    table{border-collapse:collapse;font-variant-numeric:tabular-nums}
    th,td{text-align:left;vertical-align:top;padding:.3rem 1.1rem .3rem 0;\
    border-bottom:1px solid var(--grid);overflow-wrap:normal}
    thead th{color:var(--soft);font-weight:600;vertical-align:bottom}
    thead th.number{white-space:normal}
    tbody th{font-weight:400;min-width:9rem;max-width:22rem}
    tr.group th{font-weight:600;padding-top:.9rem;max-width:none}
    .number{text-align:right;white-space:nowrap}
    .note{min-width:10rem;max-width:30rem;color:var(--soft)}
    .results th,.results td{padding-right:.7rem}
    .results td:last-child,.results th:last-child,td:last-child,th:last-child{padding-right:0}
    .figures{display:grid;gap:1.5rem 2.5rem;align-items:start;\
    grid-template-columns:repeat(2,minmax(0,1fr));margin:1.25rem 0}
    figure{margin:0;min-width:0}
    figure.whole{grid-column:1/-1}
    .narrow{display:none}
    .finding{font-size:1.1rem;font-weight:600}
    .notice{background:var(--panel);border-left:4px solid var(--c1);padding:.5rem 1rem}
    svg.dv{display:block;width:100%;height:auto}
    dl{margin:.25rem 0;display:grid;gap:.1rem 2rem;\
    grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr))}
    dl div{display:flex;gap:.5rem}
    dt{color:var(--soft);flex:0 0 8rem}
    dd{margin:0;min-width:0}
    details{margin:1rem 0}
    summary{cursor:pointer}
    dl.terms{grid-template-columns:1fr}
    dl.terms dt{flex-basis:3rem}
    @media (max-width:52rem){.figures{grid-template-columns:minmax(0,1fr)}\
    figure:not(.whole){max-width:30rem}\
    table.results{font-size:.8125rem}.results th,.results td{padding-right:.35rem}\
    .results tbody th{min-width:6rem}.results .note{min-width:6rem}\
    .results .number{white-space:normal}}
    @media (max-width:40rem){.narrow{display:block}.wide{display:none}\
    table.results,.results tbody,.results tr,.results td,.results tbody th{display:block}\
    .results thead{display:none}.results tr{border-bottom:1px solid var(--grid);padding:.3rem 0}\
    .results th,.results td{border:0;padding:.05rem 0;max-width:none}\
    .results tbody th{font-weight:600}\
    .results td{display:flex;justify-content:space-between;gap:1rem;white-space:normal;\
    text-align:right}\
    .results td::before{content:attr(data-label);color:var(--soft);text-align:left;flex:none}\
    .results td.note{display:block;text-align:left}.results td.note::before{content:none}\
    .results td[data-empty]{display:none}table.results{font-size:.875rem}\
    body{padding:.75rem .75rem 3rem}h1{font-size:1.4rem}\
    h2{font-size:1.2rem}table{font-size:.875rem}th,td{padding-right:.6rem}\
    tbody th{min-width:7.5rem}thead th,thead th.number{white-space:normal}\
    dt{flex-basis:7rem}}
    code{font:.875em ui-monospace,"DejaVu Sans Mono",monospace;white-space:nowrap}

    """
}
