import { fromFileUrl } from "@std/path";
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { Results } from "./results.ts";

const FILE = fromFileUrl(new URL("chart.svg", import.meta.url));

/** What the bars are called. */
const US = "this library";
const THEM = "git";

/**
 * Draws ours beside git's: one pair of bars for each case that is compared with git, where git takes 1.
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
  const spec: TopLevelSpec = {
    data: { values },
    mark: "bar",
    width: 360,
    height: { step: 9 },
    encoding: {
      y: { field: "what", type: "nominal", sort: null, title: null, axis: { labelLimit: 420 } },
      yOffset: { field: "who", type: "nominal", sort: [US, THEM] },
      x: { field: "time", type: "quantitative", title: "time, shorter is better; git = 1" },
      color: {
        field: "who",
        type: "nominal",
        title: null,
        scale: { domain: [US, THEM], range: ["#1f6feb", "#b9bfc7"] },
        legend: { orient: "top" },
      },
    },
  };
  const view = new View(parse(compile(spec).spec), { renderer: "none" });
  await Deno.writeTextFile(FILE, `${await view.toSVG()}\n`);
}
