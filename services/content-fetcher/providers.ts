import type { Provider } from "./provider.ts";
import { almanac } from "./providers/almanac/almanac.ts";
import { geoapify } from "./providers/geoapify/geoapify.ts";
import { googlePlaces } from "./providers/google-places/google-places.ts";
import { foursquare } from "./providers/foursquare/foursquare.ts";
import { metNorway } from "./providers/met-norway.ts";
import { nominatim } from "./providers/nominatim.ts";
import { openAiCompatible } from "./providers/openai-compatible/openai-compatible.ts";
import { openMeteo } from "./providers/open-meteo/open-meteo.ts";
import { openWeather } from "./providers/openweather/openweather.ts";
import { overpass } from "./providers/overpass/overpass.ts";
import { ticketmaster } from "./providers/ticketmaster/ticketmaster.ts";
import { perplexity } from "./providers/perplexity/perplexity.ts";
import { wikivoyage } from "./providers/wikivoyage/wikivoyage.ts";

/** Every provider of this server, in order of preference: the only list. */
export const PROVIDERS: readonly Provider[] = [
  wikivoyage,
  overpass,
  openMeteo,
  metNorway,
  almanac,
  nominatim,
  openWeather,
  googlePlaces,
  foursquare,
  geoapify,
  ticketmaster,
  perplexity,
  openAiCompatible,
];
