/** The best places of one search, each once. Reused from search to search, because a search never waits. */
export interface Best {
  readonly clear: () => void;
  /** What a place must score to be among the best; -Infinity while there is room. */
  readonly threshold: () => number;
  readonly offer: (place: number, name: number, score: number) => void;
  readonly count: () => number;
  /** Best first; equal scores in the order of the places. */
  readonly sorted: () => readonly Scored[];
}

export interface Scored {
  readonly place: number;
  /** The name that scored. */
  readonly name: number;
  readonly score: number;
}

/** @param maxCount places that are kept; the threshold rises so that no worse one is looked at */
export function createBest(placeCount: number, maxCount: number): Best {
  const scores = new Float32Array(placeCount).fill(-Infinity);
  const names = new Uint32Array(placeCount);
  const touched: number[] = [];
  /** First scores of the best places, the least at the root. A place that improves later leaves its first one here. */
  const heap: number[] = [];

  const at = (index: number): number => heap[index] ?? Infinity;
  function sink(): void {
    const value = at(0);
    let index = 0;
    for (;;) {
      const child = 2 * index + 1 + Number(at(2 * index + 2) < at(2 * index + 1));
      if (at(child) >= value) break;
      heap[index] = at(child);
      index = child;
    }
    heap[index] = value;
  }
  function rise(value: number): void {
    let index = heap.push(value) - 1;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if (at(parent) <= value) break;
      heap[index] = at(parent);
      index = parent;
    }
    heap[index] = value;
  }
  const threshold = (): number => (heap.length < maxCount ? -Infinity : at(0));

  return {
    threshold,
    count: () => touched.length,
    clear: () => {
      for (const place of touched) scores[place] = -Infinity;
      touched.length = 0;
      heap.length = 0;
    },
    offer: (place, name, score) => {
      const known = scores[place] ?? -Infinity;
      if (score <= known || score <= threshold()) return;
      scores[place] = score;
      names[place] = name;
      if (known !== -Infinity) return;
      touched.push(place);
      if (heap.length < maxCount) rise(score);
      else {
        heap[0] = score;
        sink();
      }
    },
    sorted: () => {
      const least = threshold();
      return touched
        .filter((place) => (scores[place] ?? -Infinity) >= least)
        .map((place) => ({ place, name: names[place] ?? 0, score: scores[place] ?? -Infinity }))
        .sort((a, b) => b.score - a.score || a.place - b.place)
        .slice(0, maxCount);
    },
  };
}
