import { foldName } from "../../services/guide-composer/destination/fold-name.ts";
import type { ReceivedRequest, Reply } from "../support/provider-server.ts";
import { OSM_PLACES } from "./more-places.ts";
import { toForecast, toOneCall } from "./openweather-forecasts.ts";
import type { Worlds } from "./world/worlds.ts";

const MAX_LIMIT = 5;
/** A key that is good for all but the subscription of One Call. */
export const UNSUBSCRIBED_KEY = "key-without-one-call";

const failure = (status: number, cod: number | string, message: string): Reply => ({
  status,
  body: JSON.stringify({ cod, message }),
});

const INVALID_KEY = failure(
  401,
  401,
  "Invalid API key. Please see https://openweathermap.org/faq#error401 for more info.",
);
const NOT_SUBSCRIBED = failure(
  401,
  401,
  "Please note that using One Call 3.0 requires a separate subscription to the One Call by Call plan. Learn more here https://openweathermap.org/price. If you have a valid subscription to the One Call by Call plan, but still receive this error, then please see https://openweathermap.org/faq#error401 for more info.",
);
const TOO_MANY = failure(
  429,
  429,
  "Your account is temporary blocked due to exceeding of requests limitation of your subscription type. Please choose the proper subscription https://openweathermap.org/price",
);

export const OPENWEATHER_FAULTS = { "rate-limit": TOO_MANY };

/** OpenWeather's forecast, One Call 3.0 and geocoding, for whoever has any key. */
export function createOpenWeather(
  worlds: Worlds,
  seed: number,
  now: () => number,
): (request: ReceivedRequest) => Reply {
  return ({ url }) => {
    const given = url.searchParams;
    const key = given.get("appid") ?? "";
    if (key === "") return INVALID_KEY;
    if (url.pathname === "/geo/1.0/direct") return geocode(given);
    const forecasts = url.pathname === "/data/2.5/forecast";
    if (!forecasts && url.pathname !== "/data/3.0/onecall") return failure(404, "404", "Internal error");
    if (!forecasts && key === UNSUBSCRIBED_KEY) return NOT_SUBSCRIBED;
    const [lat, lon] = [given.get("lat") ?? "", given.get("lon") ?? ""];
    if (lat === "" && lon === "") return failure(400, "400", "Nothing to geocode");
    if (!isDegrees(lat, 90)) return failure(400, "400", "wrong latitude");
    if (!isDegrees(lon, 180)) return failure(400, "400", "wrong longitude");
    const place = { worlds, seed, atMs: now(), latitude: Number(lat), longitude: Number(lon) };
    const metric = given.get("units") === "metric";
    return { body: JSON.stringify(forecasts ? toForecast(place, metric) : toOneCall(place, metric, given)) };
  };
}

const isDegrees = (text: string, most: number): boolean =>
  /^-?\d+(\.\d+)?$/.test(text) && Math.abs(Number(text)) <= most;

function geocode(given: URLSearchParams): Reply {
  const [name = "", country = ""] = (given.get("q") ?? "").split(/,(?=[^,]*$)/);
  if (name === "") return failure(400, "400", "Nothing to geocode");
  const limit = Math.min(MAX_LIMIT, Number(given.get("limit") ?? "1"));
  const found = OSM_PLACES.filter(
    (place) =>
      foldName(place.name) === foldName(name) &&
      (country === "" || place.countryCode.toUpperCase() === country.toUpperCase()),
  ).slice(0, limit);
  return {
    body: JSON.stringify(
      found.map((place) => ({
        name: place.name,
        local_names: { en: place.name, ascii: foldName(place.name), feature_name: place.name },
        lat: place.latitude,
        lon: place.longitude,
        country: place.countryCode.toUpperCase(),
        ...(place.state !== undefined && { state: place.state }),
      })),
    ),
  };
}
