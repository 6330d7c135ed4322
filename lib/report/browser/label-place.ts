/** A rectangle on a canvas. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

function meet(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/**
 * Of the `places` of a label that lie in `frame`, the first with the fewest `points` of what is drawn in it, those that meet other labels (`taken`) last;
 * undefined where none lies in the frame.
 */
export function freePlace<P extends Box>(
  places: readonly P[],
  frame: Box,
  points: readonly Point[],
  taken: readonly Box[],
): P | undefined {
  const inside = ({ left, top, right, bottom }: Box) =>
    left >= frame.left && right <= frame.right && top >= frame.top && bottom <= frame.bottom;
  const cost = (place: Box) =>
    points.filter(({ x, y }) => x > place.left && x < place.right && y > place.top && y < place.bottom).length +
    (taken.some((other) => meet(place, other)) ? points.length + 1 : 0);
  const costs = new Map(places.filter(inside).map((place) => [place, cost(place)]));
  const least = Math.min(...costs.values());
  return places.find((place) => costs.get(place) === least);
}
