import { fromFileUrl } from "@std/path";
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { Results } from "./results.ts";

const FILE = fromFileUrl(new URL("chart.svg", import.meta.url));

/** What the points are called. */
const US = "this library";
const THEM = "git";

/**
 * Draws ours beside git's: a point for each on the line of a case that both have. As some ratios are hundreds of times
 * others, the scale is a logarithmic one.
 *
 * @param refs The number of refs.
 */
export async function drawChart(results: Results, refs: number): Promise<void> {
  const cases = Object.values(results.runs[refs]?.cases ?? {});
  const values = cases.filter(({ time, comparedWith }) => time.peer && comparedWith === THEM)
    .flatMap(({ description, time }) => [
      { what: description, who: US, time: time.ours / time.peer! },
      { what: description, who: THEM, time: 1 },
    ]);
  const y = { field: "what", type: "nominal", sort: null, title: null } as const;
  const spec: TopLevelSpec = {
    data: { values },
    width: 420,
    height: { step: 18 },
    encoding: {
      y: { ...y, axis: { labelLimit: 460, grid: true } },
      x: {
        field: "time",
        type: "quantitative",
        scale: { type: "log" },
        title: "time, less is better; git = 1",
      },
    },
    layer: [
      { mark: { type: "line", color: "#b9bfc7" }, encoding: { detail: { field: "what" } } },
      {
        mark: { type: "point", filled: true, opacity: 1, size: 60 },
        encoding: {
          color: {
            field: "who",
            type: "nominal",
            title: null,
            scale: { domain: [US, THEM], range: ["#1f6feb", "#8b929a"] },
            legend: { orient: "top" },
          },
        },
      },
    ],
  };
  const view = new View(parse(compile(spec).spec), { renderer: "none" });
  await Deno.writeTextFile(FILE, `${await view.toSVG()}\n`);
}
