import assert from "node:assert/strict";
import { createWorlds, type Worlds } from "../providers/world/worlds.ts";
import { HELD_OUT_CITIES, KNOWN_CITIES } from "./cities.ts";
import { CLASSES, drawCorpus } from "./corpus.ts";
import { judge, toFigures } from "./measure.ts";

const MIN_RECALL = 0.95;
const MAX_FALSE_ALARMS = 0.03;

describe("the corpus of named places", () => {
  let worlds: Worlds;
  before(() => {
    worlds = createWorlds(1);
  });

  it("has places of every class, and is the same for the same seed", () => {
    const [first, again] = [0, 1].map(() => drawCorpus(worlds, KNOWN_CITIES, "1"));
    assert.deepEqual(first, again);
    const classes = new Set(first?.flatMap(({ named }) => named.map((place) => place.class)));
    assert.deepEqual([...classes].sort(), [...CLASSES].sort());
  });

  for (const [part, cities] of [
    ["known", KNOWN_CITIES],
    ["held out", HELD_OUT_CITIES],
  ] as const)
    for (const seed of ["7", "8"])
      it(`${part} cities, seed ${seed}: wrong places are held back, right ones are not`, () => {
        const { recall, falseAlarms, falseContradictions } = toFigures(
          judge(drawCorpus(worlds, cities, seed)),
        );
        assert.ok(recall >= MIN_RECALL, `recall ${recall}`);
        assert.ok(falseAlarms <= MAX_FALSE_ALARMS, `false alarms ${falseAlarms}`);
        assert.ok(falseContradictions <= MAX_FALSE_ALARMS, `false contradictions ${falseContradictions}`);
      });
});
