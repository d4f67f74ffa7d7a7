import assert from "node:assert/strict";
import { kitchenOf, sightOf } from "../../services/content-fetcher/providers/foursquare/categories.ts";
import { hoursOf } from "../../services/content-fetcher/providers/foursquare/hours.ts";

describe("Foursquare's words", () => {
  it("tells kitchens from categories", () => {
    const READ: readonly (readonly [names: string[], cuisines: string[] | undefined, diets?: string[]])[] = [
      [
        ["Sushi Restaurant", "Japanese Restaurant"],
        ["sushi", "japanese"],
      ],
      [
        ["Pizzeria", "Italian Restaurant"],
        ["pizza", "italian"],
      ],
      [["Middle Eastern Restaurant"], ["middle-eastern"]],
      [["BBQ Joint"], ["barbecue"]],
      [["Fried Chicken Joint"], ["fried-chicken"]],
      [["Coffee Shop"], ["coffee-shop"]],
      [["Fast Food Restaurant"], ["fast-food"]],
      [["Halal Restaurant"], [], ["halal"]],
      [["Vegetarian / Vegan Restaurant"], [], ["vegetarian"]],
      [["Ice Cream Shop"], ["ice-cream"]],
      [["Restaurant"], []],
      [["Bar", "Tapas Restaurant"], ["tapas"]],
      [["Bar", "Night Club"], undefined],
      [["Museum", "Café"], undefined],
      [["Park"], undefined],
      [[], undefined],
    ];
    for (const [names, cuisines, diets = []] of READ)
      assert.deepEqual(
        kitchenOf(names),
        cuisines === undefined ? undefined : { cuisines, dietaryTags: diets },
        names.join(),
      );
  });

  it("tells sights from categories", () => {
    const READ: readonly (readonly [names: string[], sight: string | undefined])[] = [
      [["Park"], "park"],
      [["Science Museum", "Café"], "science-museum"],
      [["Café", "Science Museum"], undefined],
      [["Historic and Protected Site"], "historic-site"],
      [["Monument / Landmark"], "monument"],
      [["Plaza"], "square"],
      [["Hindu Temple"], "temple"],
      [["Road"], undefined],
    ];
    for (const [names, sight] of READ) assert.equal(sightOf(names), sight, names.join());
  });

  it("writes the week's hours, or else the words that hold beyond the moment", () => {
    const span = (day: number, open: string, close: string) => ({ day, open, close });
    const week = (open: string, close: string) => [1, 2, 3, 4, 5, 6, 7].map((day) => span(day, open, close));
    const READ: readonly (readonly [hours: Parameters<typeof hoursOf>[0], text: string])[] = [
      [{ regular: week("0900", "1730") }, "Mo-Su 09:00-17:30"],
      [{ regular: week("0000", "+0000") }, "Mo-Su 00:00-24:00"],
      [{ regular: [span(7, "0900", "1200"), span(1, "0900", "1200")] }, "Mo 09:00-12:00; Su 09:00-12:00"],
      [{ regular: [span(1, "09:00", "12:00")] }, "Mo 09:00-12:00"],
      [
        { regular: [span(1, "2500", "2600")], display: "Open Daily 9:00 AM-5:00 PM" },
        "Open Daily 9:00 AM-5:00 PM",
      ],
      [{ display: "Open 24 Hours" }, "Open 24 Hours"],
      [{ display: "Open until 10:00 PM" }, ""],
      [{ display: "Closed until tomorrow at 9:00 AM" }, ""],
      [{ display: "Open now" }, ""],
      [{ display: "Opens at 9:00 AM" }, ""],
      [{ display: null, regular: null }, ""],
      [null, ""],
    ];
    for (const [hours, text] of READ) assert.equal(hoursOf(hours), text);
  });
});
