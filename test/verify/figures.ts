import { createWorlds } from "../providers/world/worlds.ts";
import { HELD_OUT_CITIES, KNOWN_CITIES } from "./cities.ts";
import { drawCorpus, TRACELESS, type City } from "./corpus.ts";
import { judge, matrixOf, nameOfVerdict, toFigures, VERDICTS } from "./measure.ts";

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function print(title: string, cities: readonly City[], seeds: readonly string[]): void {
  const worlds = createWorlds(1);
  const judged = seeds.flatMap((seed) => judge(drawCorpus(worlds, cities, seed)));
  const { recall, recallWithTraceless, falseAlarms, falseContradictions } = toFigures(judged);
  console.log(`${title}: ${cities.map((city) => city.title).join(", ")}; ${judged.length} places\n`);
  console.log(["".padEnd(40), ...VERDICTS.map((verdict) => nameOfVerdict(verdict).padStart(13))].join(""));
  for (const [each, counts] of matrixOf(judged)) {
    const label = TRACELESS.has(each) ? `(${each})` : each;
    console.log([label.padEnd(40), ...counts.map((count) => String(count).padStart(13))].join(""));
  }
  console.log(
    `\n  recall of wrong places  ${percent(recall)}  (with the traceless ones: ${percent(recallWithTraceless)})`,
  );
  console.log(
    `  false alarms            ${percent(falseAlarms)}  (contradicted: ${percent(falseContradictions)})\n`,
  );
}

print("Known", KNOWN_CITIES, ["1", "2", "3"]);
print("Held out", HELD_OUT_CITIES, ["4", "5", "6"]);
