/** How all pictures look: the same colours as the rest of docs, in light and in dark. `ours` is greenroom's line. */
export const PLOT_STYLE = `  <style>
    :root { --card: #fdfdfb; --edge: #d5dad1; --grid: #e3e7e0; --ink: #16201b; --soft: #56625b; --ours: #0b6b4c; --first: #8f5600; --second: #5b5fa8; }
    @media (prefers-color-scheme: dark) {
      :root { --card: #111714; --edge: #2b352f; --grid: #222b26; --ink: #e8eee9; --soft: #9daba3; --ours: #57d3a4; --first: #f0b24a; --second: #a7abf0; }
    }
    text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; font-size: 14px; fill: var(--ink); }
    .head { font-size: 15px; font-weight: 650; }
    .soft { fill: var(--soft); font-size: 12.5px; }
    .end { text-anchor: end; }
    .middle { text-anchor: middle; }
    .card { fill: var(--card); stroke: var(--edge); }
    .grid { stroke: var(--grid); }
    .mark { stroke: var(--soft); stroke-dasharray: 4 4; }
    .line { fill: none; stroke-width: 2; }
    .ours { stroke: var(--ours); }
    .first { stroke: var(--first); }
    .second { stroke: var(--second); }
    .dot.ours { fill: var(--ours); }
    .dot.first { fill: var(--first); }
    .dot.second { fill: var(--second); }
  </style>`
