import {
  DailyForecast_Basis,
  WeatherCondition,
  type DailyForecast,
  type Listing,
} from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { kindsOf } from "../wish.ts";
import { nameOf } from "../listings/names.ts";

/** From this probability on a day counts as wet, as for the umbrella. */
const WET_PROBABILITY = 0.5;
/** The same for a provider that states no probability, millimetres a day. */
const WET_MM = 2;

/** Whether a forecast says rain. What is typical for a season says nothing about a day. */
export function isWet(forecast: DailyForecast | undefined): boolean {
  if (forecast?.basis !== DailyForecast_Basis.FORECAST) return false;
  const { precipitationProbability, precipitationMm, condition } = forecast;
  if (precipitationProbability !== undefined) return precipitationProbability >= WET_PROBABILITY;
  return (precipitationMm ?? 0) >= WET_MM || condition >= WeatherCondition.RAIN;
}

/** Categories, and words of titles, of places under a roof. */
const INDOORS = new Set(
  (
    "museum gallery aquarium market marketplace theater theatre cinema library palace church cathedral basilica chapel " +
    "monastery mosque synagogue temple place-of-worship mall spa public-bath shopping arts-centre planetarium " +
    "bowling-alley escape-game amusement-arcade ice-rink"
  ).split(" "),
);
/** The same of places under the sky. */
const OUTDOORS = new Set(
  (
    "park garden viewpoint beach zoo theme-park water-park square bridge fountain hike hiking walk trail nature-reserve " +
    "waterfall picnic-site artwork ruins archaeological-site monument memorial"
  ).split(" "),
);

/** Where a visit takes place, by what the provider calls the place, or else by a word for its kind in the title. */
export function roofOf(listing: Listing): "indoors" | "outdoors" | undefined {
  return roofOfWords(kindsOf(listing)) ?? roofOfWords(nameOf(listing).whole.words);
}

function roofOfWords(words: readonly string[]): "indoors" | "outdoors" | undefined {
  if (words.some((word) => INDOORS.has(word))) return "indoors";
  return words.some((word) => OUTDOORS.has(word)) ? "outdoors" : undefined;
}
