/** Numbers and times as people read them. */

export function fileSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export function volume(ml: number): string {
  if (ml === 0) return "0 ml";
  return `${ml >= 100 ? Math.round(ml) : ml >= 1 ? ml.toFixed(1) : ml.toPrecision(2)} ml`;
}

/** "just now", "5 min ago", else the date. */
export function age(iso: string, now: Date): string {
  const then = new Date(iso);
  const minutes = Math.floor((now.getTime() - then.getTime()) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return then.toISOString().slice(0, 10);
}

/** Three distances in mm, as people write them; null where they are none. */
export function spacingOf(texts: readonly string[]): readonly [number, number, number] | null {
  const [x, y, z, ...more] = texts.map((text) => (text.trim() === "" ? NaN : Number(text.trim().replace(",", "."))));
  if (x === undefined || y === undefined || z === undefined || more.length > 0) return null;
  return [x, y, z].every((step) => step > 0 && Number.isFinite(step)) ? [x, y, z] : null;
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
