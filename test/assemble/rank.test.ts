import assert from "node:assert/strict";
import {
  BudgetLevel,
  TravelGroup,
  type Listing,
  type Preferences,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { rankListings } from "../../services/guide-composer/assemble/listings/rank.ts";
import { meets, toWish, toWishText } from "../../services/guide-composer/assemble/wish.ts";
import { LISBON, listing, mapped, near, preferencesOf } from "./make.ts";

type Wishes = Partial<Omit<Preferences, "$typeName" | "$unknown">>;

const rank = (
  listings: readonly Listing[],
  preferences: Wishes = {},
  texts: readonly string[] = [],
): string[] =>
  rankListings(listings, preferencesOf({ preferences }), LISBON, texts).map(({ title }) => title);

const restaurant = (title: string, value: object = {}, init: object = {}): Listing =>
  listing(title, { details: { case: "restaurant", value }, ...init });

describe("finding a wish in a text", () => {
  const text = toWishText([
    "Galleries of the Old Theatre",
    "A church with street food, near the sea.",
    "寿司とラーメン",
  ]);

  it("matches whole words in singular, plural and both spellings", () => {
    for (const wish of ["gallery", "galleries", "theater", "theatres", "churches", "street-food"])
      assert.ok(meets(text, toWish(wish)), wish);
  });

  it("infers nothing", () => {
    for (const wish of ["art", "seafood", "food-street", "chur", "eat", "", "-"])
      assert.ok(!meets(text, toWish(wish)), wish);
  });

  it("looks anywhere in scripts without spaces", () => {
    assert.ok(meets(text, toWish("ラーメン")));
    assert.ok(!meets(text, toWish("天ぷら")));
  });
});

describe("ranking", () => {
  it("puts interests, cuisines and diets first", () => {
    const places = [
      restaurant("Plain"),
      restaurant("Fish", { cuisines: ["seafood"] }),
      restaurant("Green", { dietaryTags: ["vegan"] }),
    ];
    assert.equal(rank(places, { cuisines: ["seafood"] })[0], "Fish");
    assert.equal(rank(places, { interests: ["seafood"] })[0], "Fish");
    assert.equal(rank(places, { dietaryTags: ["vegan"] })[0], "Green");
  });

  it("leaves out only what is known not to serve a diet or not to meet a need", () => {
    const places = [
      restaurant("Meat", { dietaryTags: ["no-vegan"] }),
      restaurant("Unknown"),
      listing("Stairs", { accessibilityTags: ["no-wheelchair"] }),
      listing("Ramp", { accessibilityTags: ["wheelchair"] }),
    ];
    assert.deepEqual(new Set(rank(places)), new Set(["Meat", "Unknown", "Stairs", "Ramp"]));
    const ranked = rank(places, { dietaryTags: ["vegan"], accessibilityNeeds: ["wheelchair"] });
    assert.deepEqual(ranked, ["Ramp", "Unknown"]);
  });

  it("leaves out subjects and places to avoid, by title and kind and not by a word of the summary", () => {
    const places = [
      listing("Museu do Fado", { details: { case: "attraction", value: { category: "museum" } } }),
      listing("Wax Museum"),
      listing("Garden", { summary: "Behind the museum." }),
    ];
    assert.deepEqual(rank(places, { avoid: ["museums"] }), ["Garden"]);
    assert.deepEqual(new Set(rank(places, { avoid: ["Fado Museum"] })), new Set(["Wax Museum", "Garden"]));
  });

  it("keeps what must be seen, on top, even among what is to be avoided", () => {
    const places = [listing("Castle", { summary: "Old." }), listing("Torre de Belém")];
    assert.deepEqual(rank(places, { mustSee: ["Belém Tower"], avoid: ["tower"] }), [
      "Torre de Belém",
      "Castle",
    ]);
  });

  it("ranks the price levels of the budget first", () => {
    const places = [1, 2, 3, 4].map((priceLevel) => restaurant(`Level ${priceLevel}`, { priceLevel }));
    const top = (budgetLevel: BudgetLevel): string[] => rank(places, { budgetLevel }).slice(0, 2).sort();
    assert.deepEqual(top(BudgetLevel.ECONOMY), ["Level 1", "Level 2"]);
    assert.deepEqual(top(BudgetLevel.MODERATE), ["Level 2", "Level 3"]);
    assert.deepEqual(top(BudgetLevel.LUXURY), ["Level 3", "Level 4"]);
  });

  it("prefers a restaurant to a quick bite unless that is asked for", () => {
    const places = [
      restaurant("Burger", { cuisines: ["fast-food"] }),
      restaurant("Tasca", { cuisines: ["portuguese"] }),
    ];
    assert.deepEqual(rank(places), ["Tasca", "Burger"]);
    assert.deepEqual(rank(places, { cuisines: ["fast-food"] }), ["Burger", "Tasca"]);
  });

  it("puts sights first that an editor or an encyclopaedia describes", () => {
    const places = [
      mapped("Statue", "node/1"),
      mapped("Castle", "node/2", { wikidataId: "Q1" }),
      listing("View", { summary: "Wide." }),
    ];
    assert.equal(rank(places).at(-1), "Statue");
  });

  it("raises what the text above the list singles out, and what is renowned", () => {
    const places = [
      mapped("Church", "node/1", { wikidataId: "Q90000000" }),
      mapped("Torre de Belém", "node/2", { wikidataId: "Q215003", location: near(3_000) }),
      mapped("Castelo (ruin)", "node/3", { location: near(100) }),
    ];
    assert.deepEqual(rank(places).slice(0, 2), ["Torre de Belém", "Church"]);
    assert.equal(rank(places, {}, ["Begin at the **castelo** early."])[0], "Castelo (ruin)");
  });

  it("shows one branch of a chain among the others", () => {
    const branches = Array.from({ length: 10 }, (_, index) =>
      restaurant(
        "Starbucks",
        { cuisines: ["bistro"] },
        { key: `s${index}`, summary: "Coffee.", location: near(index) },
      ),
    );
    const ranked = rank([...branches, restaurant("Tasca"), restaurant("Adega")]);
    assert.deepEqual(new Set(ranked.slice(0, 3)), new Set(["Starbucks", "Tasca", "Adega"]));
    assert.equal(ranked.length, 12);
  });

  it("varies the kinds at the top", () => {
    const museums = Array.from({ length: 6 }, (_, index) =>
      listing(`Museum ${"ABCDEF".charAt(index)}`, {
        details: { case: "attraction", value: { category: "museum" } },
      }),
    );
    const park = listing("Park", { details: { case: "attraction", value: { category: "park" } } });
    assert.ok(rank([...museums, park]).indexOf("Park") <= 2);
    assert.equal(rank([...museums, park], { interests: ["museums"] }).at(-1), "Park");
  });

  it("raises what children like for a family", () => {
    const places = [
      listing("Fort"),
      listing("Zoo", { details: { case: "attraction", value: { category: "zoo" } } }),
    ];
    assert.equal(rank(places, { travelGroup: TravelGroup.FAMILY })[0], "Zoo");
  });

  it("gives the same order for the same input", () => {
    const places = Array.from({ length: 50 }, (_, index) =>
      listing(`Place ${index % 7}`, { key: String(index) }),
    );
    assert.deepEqual(rank(places), rank(places));
  });
});
