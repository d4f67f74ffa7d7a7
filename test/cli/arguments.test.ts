import assert from "node:assert/strict";
import { parseGuideArguments, type GuideArguments } from "../../services/cli/arguments.ts";
import { BudgetLevel, Pace, SectionKind, TravelGroup } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";

const parsed = (...argv: readonly string[]): GuideArguments => {
  const result = parseGuideArguments(argv);
  assert.ok(result.state === "ok", JSON.stringify(result));
  return result.arguments;
};
const problems = (...argv: readonly string[]): string => {
  const result = parseGuideArguments(argv);
  return result.state === "invalid" ? result.problems.join("\n") : "";
};

describe("the command line of guide", () => {
  it("asks for what its options say", () => {
    const { request, json, timeoutMs, composer } = parsed(
      ..."Lisbon --from 2026-12-01 --days 4 --budget moderate --interests museums,seafood --pace packed".split(
        " ",
      ),
      ..."--group family --sections weather,restaurants --timeout 9 --json --diet vegan --language pt".split(
        " ",
      ),
    );
    assert.deepEqual(request.spec?.destination, { case: "destinationQuery", value: "Lisbon" });
    assert.deepEqual(
      [request.spec.startDate?.year, request.spec.startDate?.month, request.spec.startDate?.day],
      [2026, 12, 1],
    );
    assert.deepEqual(
      [request.spec.dayCount, request.spec.languageCode, request.spec.sectionKinds],
      [4, "pt", [SectionKind.WEATHER, SectionKind.RESTAURANTS]],
    );
    const { preferences } = request.spec;
    assert.deepEqual(
      [preferences?.budgetLevel, preferences?.pace, preferences?.travelGroup],
      [BudgetLevel.MODERATE, Pace.PACKED, TravelGroup.FAMILY],
    );
    assert.deepEqual([preferences?.interests, preferences?.dietaryTags], [["museums", "seafood"], ["vegan"]]);
    assert.deepEqual([json, timeoutMs, composer], [true, 9_000, undefined]);
  });

  it("takes a name of several words and a resource name", () => {
    assert.equal(parsed("Luang", "Prabang").request.spec?.destination.value, "Luang Prabang");
    assert.deepEqual(parsed("destinations/2267057").request.spec?.destination, {
      case: "destinationName",
      value: "destinations/2267057",
    });
  });

  it("reads the address of a composer with and without a scheme", () => {
    assert.equal(parsed("Lisbon", "--composer", "127.0.0.1:50051").composer, "http://127.0.0.1:50051");
    assert.equal(parsed("Lisbon", "--composer", "https://guide.example/").composer, "https://guide.example");
    for (const address of ["not an address", "ftp://x", "http://x/path", ""])
      assert.match(problems("Lisbon", "--composer", address), /--composer must be/, address);
  });

  it("names all problems at once", () => {
    const all = problems(
      ..."--days 31 --from tomorrow --budget royal --sections food --timeout 0".split(" "),
    );
    for (const part of [/destination is missing/, /--days/, /--from/, /--budget/, /--sections/, /--timeout/])
      assert.match(all, part);
    assert.match(problems("Lisbon", "--speed", "9"), /--speed/);
  });

  it("does not take inherited names of objects for choices", () =>
    assert.match(problems("Lisbon", "--budget", "constructor"), /--budget must be one of/));

  it("repeats itself for another destination, ready for a shell", () => {
    const { commandFor } = parsed("Spring field", "--days", "4", "--must-see", "O'Hare, Zoo", "--json");
    assert.equal(
      commandFor("destinations/1"),
      String.raw`npm run guide -- destinations/1 --days 4 --must-see 'O'\''Hare, Zoo' --json`,
    );
  });
});
