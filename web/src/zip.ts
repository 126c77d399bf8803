/**
 * Many files as one ZIP archive, stored and not compressed: servers take few files in one request, and series have
 * thousands. The bytes stay where they are; only their checksums are computed here.
 */

export interface NamedBlob {
  readonly name: string;
  readonly content: Blob;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
const UTF8_NAMES = 0x0800;
const FIRST_DATE = 0x21; // the 1st of January 1980; the files tell their own dates
const MOST_FILES = 0xffff;
const MOST_BYTES = 0xffffffff;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

export function crc32(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (let at = 0; at < bytes.length; at++) {
    value = (CRC_TABLE[(value ^ (bytes[at] as number)) & 255] as number) ^ (value >>> 8);
  }
  return (value ^ 0xffffffff) >>> 0;
}

/** The archive; RangeError where files are more, or larger together, than the plain form of ZIP can hold. */
export async function zipOf(files: readonly NamedBlob[], onShare: (share: number) => void = () => undefined): Promise<Blob> {
  if (files.length > MOST_FILES) throw new RangeError(`${files.length} files, expected at most ${MOST_FILES}`);
  const parts: BlobPart[] = [];
  const list: BlobPart[] = [];
  let offset = 0;
  for (const [at, { name, content }] of files.entries()) {
    const encoded = new TextEncoder().encode(name);
    const crc = crc32(new Uint8Array(await content.arrayBuffer()));
    const facts = [VERSION, UTF8_NAMES, 0, 0, FIRST_DATE] as const;
    const sizes = [crc, content.size, content.size] as const;
    const head = record([LOCAL], facts, sizes, [encoded.length, 0]);
    parts.push(head, encoded, content);
    list.push(record([CENTRAL], [VERSION, ...facts], sizes, [encoded.length, 0, 0, 0, 0], [0, offset]), encoded);
    offset += head.length + encoded.length + content.size;
    onShare((at + 1) / files.length);
  }
  const listBytes = new Blob(list).size;
  if (offset + listBytes > MOST_BYTES) throw new RangeError("the files have more than 4 GB together");
  const end = record([END], [0, 0, files.length, files.length], [listBytes, offset], [0]);
  return new Blob([...parts, ...list, end], { type: "application/zip" });
}

/** Little-endian numbers in turn: 4 bytes each in the first group, 2 in the second, 4 in the third, and so on. */
function record(...groups: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  const length = groups.reduce((sum, group, at) => sum + group.length * width(at), 0);
  const view = new DataView(new ArrayBuffer(length));
  let offset = 0;
  groups.forEach((group, at) => {
    for (const value of group) {
      if (width(at) === 4) view.setUint32(offset, value, true);
      else view.setUint16(offset, value, true);
      offset += width(at);
    }
  });
  return new Uint8Array(view.buffer);
}

function width(group: number): 2 | 4 {
  return group % 2 === 0 ? 4 : 2;
}
