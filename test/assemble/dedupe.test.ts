import assert from "node:assert/strict";
import * as fc from "fast-check";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Listing } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { groupListings } from "../../services/guide-composer/assemble/listings/dedupe.ts";
import { DETAILS, listing, mapped, near, NOW_MS } from "./make.ts";

/** Titles that come together, each group sorted. */
const unite = (...lists: readonly (readonly Listing[])[]): string[][] => {
  const all = lists.flat();
  return groupListings(lists)
    .map((indices) => indices.map((index) => all[index]?.title ?? ""))
    .filter((titles) => titles.length > 1);
};

describe("deduping listings", () => {
  it("unites two spellings of a name, in any order of words and with articles", () => {
    for (const [a, b] of [
      ["Torre de Belém", "Belém Tower"],
      ["The British Museum", "British Museum"],
      ["Museu do Fado", "Fado Museum"],
      ["Sensō-ji", "Sensoji"],
      ["Café A Brasileira", "A Brasileira"],
      ["Mosteiro dos Jerónimos (Jerónimos Monastery)", "Jerónimos Monastery"],
      ["浅草寺 / Sensō-ji", "浅草寺"],
    ] as const)
      assert.equal(
        unite([listing(a, { location: near(0) })], [mapped(b, "node/1", { location: near(100) })]).length,
        1,
        `${a} = ${b}`,
      );
  });

  it("unites what another provider has under a name that is said to be one of it", () => {
    const military = mapped("Lisbon Military Museum", "way/1", {
      location: near(0),
      alternateTitles: ["Museu Militar de Lisboa"],
    });
    const local = listing("Museu Militar de Lisboa", { location: near(100) });
    assert.equal(unite([local], [military]).length, 1);
    assert.deepEqual(unite([local], [{ ...military, alternateTitles: [] }]), []);
    // A name is worth less than a title: farther away it may be another place's.
    assert.deepEqual(unite([{ ...local, location: military.location }], [military]).length, 1);
    assert.deepEqual(unite([listing(local.title, { location: near(200) })], [military]), []);
  });

  it("keeps apart what only sounds alike", () => {
    for (const [a, b] of [
      ["National Gallery", "National Portrait Gallery"],
      ["Museu de São Roque", "Igreja de São Roque"],
      ["Museum of Science", "Museum of Science and Industry"],
      ["Pier 1", "Pier 2"],
      ["Starbucks (Rossio)", "Starbucks (Chiado)"],
      ["カス", "ガス"],
    ] as const)
      assert.deepEqual(
        unite([listing(a, { location: near(0) })], [mapped(b, "node/1", { location: near(50) })]),
        [],
        `${a} is not ${b}`,
      );
  });

  it("keeps two branches of a chain apart when their addresses differ, and lets no third listing join them", () => {
    const init = (eastM: number, address: string) => ({
      location: near(eastM),
      address,
      details: DETAILS.restaurant,
    });
    const branches = [
      mapped("Pizza Hut", "node/1", init(0, "Rua Augusta 10, 1100 Lisboa")),
      mapped("Pizza Hut", "node/2", init(40, "Rua Augusta 52, 1100 Lisboa")),
    ];
    assert.deepEqual(unite(branches), []);
    const groups = groupListings([branches, [listing("Pizza Hut", init(10, "Rua Augusta 10"))]]);
    assert.deepEqual(groups, [[0, 2], [1]]);
  });

  it("joins a listing without a position to the only place of its name, or to the one with its address", () => {
    const far = { location: near(900), address: "Rua Garrett 120" };
    const unplaced = listing("A Brasileira", { address: "Rua Garrett, 120" });
    assert.equal(unite([mapped("A Brasileira", "node/1", far)], [unplaced]).length, 1);
    const other = mapped("A Brasileira", "node/2", { location: near(-900), address: "Rua do Carmo 3" });
    assert.deepEqual(groupListings([[mapped("A Brasileira", "node/1", far), other], [unplaced]]), [
      [0, 2],
      [1],
    ]);
    const nowhere = listing("A Brasileira");
    assert.deepEqual(unite([mapped("A Brasileira", "node/1", far), other], [nowhere]), []);
  });

  it("joins a fuller name at the same address or with the same page, and not at another", () => {
    const short = listing("Ribadouro", { address: "Avenida da Liberdade 155" });
    const full = (address: string) =>
      mapped("Cervejaria Ribadouro", "node/1", { location: near(0), address });
    assert.equal(unite([short], [full("Avenida da Liberdade, 155")]).length, 1);
    assert.deepEqual(unite([short], [full("Avenida da Liberdade, 33")]), []);
    assert.deepEqual(unite([short], [full("")]), []);
    const page = { location: near(60), websiteUri: "https://ribadouro.example/" };
    assert.equal(
      unite(
        [listing("Ribadouro", page)],
        [mapped("Cervejaria Ribadouro", "node/1", { ...page, location: near(0) })],
      ).length,
      1,
    );
  });

  it("compares addresses whichever way round street and number stand", () => {
    const named = (title: string, address: string) =>
      mapped(title, `node/${title}`, { location: near(0), address, details: DETAILS.restaurant });
    const others = (address: string) => [listing("Amory", { address, details: DETAILS.restaurant })];
    for (const [one, other, same] of [
      ["465 Huntington Avenue, Boston 02115", "Huntington Avenue 465, 02115 Boston", 1],
      ["10, Rue de Rivoli", "Rue de Rivoli 10, 75004 Paris", 1],
      ["350 5th Avenue", "5th Avenue 350", 1],
      ["350 5th Avenue", "5th Avenue 20", 0],
      ["465 Huntington Avenue", "Huntington Avenue 20", 0],
    ] as const)
      assert.equal(unite([named("Cafe Amory", one)], others(other)).length, same, `${one}, ${other}`);
  });

  it("goes by Wikidata before names, and never against it", () => {
    const tower = listing("東京タワー", { wikidataId: "Q183536", location: near(0) });
    assert.equal(
      unite([tower], [mapped("Tokyo Tower", "way/1", { wikidataId: "Q183536", location: near(300) })]).length,
      1,
    );
    assert.deepEqual(
      unite([tower], [mapped("東京タワー", "way/1", { wikidataId: "Q1", location: near(0) })]),
      [],
    );
  });

  it("unites what one provider has twice: as a point and as a building", () => {
    const twice = [
      mapped("Sé de Lisboa", "node/1", { location: near(0) }),
      mapped("Sé de Lisboa", "way/2", { location: near(30) }),
    ];
    assert.equal(unite(twice).length, 1);
  });

  it("unites an event of two providers on one day, and not its repetition on the next", () => {
    const event = (title: string, hour: number, provider: string, allDay = false) =>
      listing(
        title,
        {
          details: {
            case: "event",
            value: { window: { startTime: timestampFromMs(NOW_MS + hour * 3_600_000), allDay } },
          },
        },
        provider,
      );
    const groups = groupListings([
      [event("Fado Night", 8, "providers/a"), event("Fado Night", 32, "providers/a")],
      [event("Fado Night", -12, "providers/b", true)],
    ]);
    assert.deepEqual(groups, [[0, 2], [1]]);
  });

  it("unites the same listings whatever the order of the providers", () => {
    const titles = [
      "Café Central",
      "Central Café",
      "Cafe Central (Rossio)",
      "Museu do Fado",
      "Fado Museum",
      "Bar 1",
      "Bar 2",
    ];
    const place = fc.record({
      title: fc.constantFrom(...titles),
      eastM: fc.option(fc.integer({ min: 0, max: 12 }).map((steps) => steps * 55)),
      address: fc.constantFrom("", "Rua A 1", "Rua A 2", "Rua B 1"),
      wikidataId: fc.constantFrom("", "", "", "Q1", "Q2"),
    });
    fc.assert(
      fc.property(
        fc.array(fc.array(place, { maxLength: 6 }), { minLength: 2, maxLength: 4 }),
        fc.integer(),
        (made, seed) => {
          const lists = made.map((places, list) =>
            places.map(({ title, eastM, address, wikidataId }, index) =>
              listing(
                title,
                {
                  key: `${list}/${index}`,
                  address,
                  wikidataId,
                  ...(eastM !== null && { location: near(eastM) }),
                },
                `providers/p${list}`,
              ),
            ),
          );
          // Listings that are equal in all respects are one listing twice and cannot be told apart.
          const ids = lists
            .flat()
            .map(({ title, location, address, wikidataId, citations }) =>
              JSON.stringify([title, location, address, wikidataId, citations[0]?.provider]),
            );
          fc.pre(new Set(ids).size === ids.length);
          const turned = lists.map(
            (_, index) => lists[(index + Math.abs(seed % lists.length)) % lists.length] ?? [],
          );
          assert.deepEqual(keysOf(lists), keysOf(turned.map((list) => list.toReversed())));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("never puts two different Wikidata ids, or two addresses far apart, into one place", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.nat(9), fc.constantFrom("", "Q1", "Q2"), fc.constantFrom("", "Rua A 1", "Rua B 2")),
          {
            maxLength: 14,
          },
        ),
        (made) => {
          const lists = made.map(([steps, wikidataId, address], index) => [
            listing(
              "Solar",
              { location: near(steps * 60), wikidataId, address, details: DETAILS.restaurant },
              `providers/p${index}`,
            ),
          ]);
          const all = lists.flat();
          for (const indices of groupListings(lists)) {
            const members = indices.flatMap((index) => all[index] ?? []);
            for (const field of ["wikidataId", "address"] as const)
              assert.ok(
                new Set(members.map((member) => member[field]).filter((text) => text !== "")).size <= 1,
              );
          }
        },
      ),
    );
  });
});

const keysOf = (lists: readonly (readonly Listing[])[]): string[][] => {
  const all = lists.flat();
  return groupListings(lists)
    .map((indices) => indices.map((index) => all[index]?.key ?? "").sort())
    .sort(([a = ""], [b = ""]) => a.localeCompare(b));
};
