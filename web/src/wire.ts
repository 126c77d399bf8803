/**
 * Label blocks and masks as bytes. A block: magic "ISB1", uint32 seq, uint8 flags, 3 bytes of padding, six uint32
 * (start i, j, k, stop i, j, k), all little-endian, then zlib-deflated uint16 labels, i fastest.
 */
import type { Box, Voxel } from "./types.ts";

const HEADER_BYTES = 36;
const FLAG_PREVIEW = 1;

export interface LabelBlock {
  readonly seq: number;
  /** Of a propagation under way; not in the session yet. */
  readonly isPreview: boolean;
  readonly box: Box;
  /** One value for each voxel of the box, i fastest. */
  readonly labels: Uint16Array;
}

export class WireError extends Error {}

export function boxShape(box: Box): Voxel {
  return [box.stop[0] - box.start[0], box.stop[1] - box.start[1], box.stop[2] - box.start[2]];
}

/** Decode a label block; WireError if the bytes are something else. */
export async function decodeBlock(data: ArrayBuffer): Promise<LabelBlock> {
  if (data.byteLength < HEADER_BYTES) {
    throw new WireError(`a label block has ${data.byteLength} bytes, expected at least ${HEADER_BYTES}`);
  }
  const view = new DataView(data);
  const magic = String.fromCharCode(...new Uint8Array(data, 0, 4));
  if (magic !== "ISB1") throw new WireError(`a label block starts with ${JSON.stringify(magic)}, expected "ISB1"`);
  const corner = (offset: number): Voxel => [
    view.getUint32(offset, true),
    view.getUint32(offset + 4, true),
    view.getUint32(offset + 8, true),
  ];
  const box = { start: corner(12), stop: corner(24) };
  const raw = await inflate(new Uint8Array(data, HEADER_BYTES));
  return {
    seq: view.getUint32(4, true),
    isPreview: (view.getUint8(8) & FLAG_PREVIEW) !== 0,
    box,
    labels: uint16Values(raw, box),
  };
}

/** Pack a mask (row by row, 0 or 1) into bits, highest bit first, deflate them and write them as base64. */
export async function encodeMask(mask: Uint8Array): Promise<string> {
  const bits = new Uint8Array(Math.ceil(mask.length / 8));
  mask.forEach((value, at) => {
    if (value) bits[at >> 3] = (bits[at >> 3] as number) | (0x80 >> (at & 7));
  });
  return toBase64(await deflate(bits));
}

export function fromBase64(text: string): ArrayBuffer {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let at = 0; at < raw.length; at++) bytes[at] = raw.charCodeAt(at);
  return bytes.buffer;
}

export function toBase64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  const step = 0x8000; // more arguments overflow the stack
  for (let at = 0; at < bytes.length; at += step) {
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + step)));
  }
  return btoa(pieces.join(""));
}

function uint16Values(raw: Uint8Array<ArrayBuffer>, box: Box): Uint16Array {
  const [ni, nj, nk] = boxShape(box);
  if (raw.byteLength !== 2 * ni * nj * nk) {
    throw new WireError(`a label block holds ${raw.byteLength} bytes, its box asks for ${2 * ni * nj * nk}`);
  }
  return new Uint16Array(raw.buffer, raw.byteOffset, ni * nj * nk); // every browser runs on little-endian machines
}

async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return through(bytes, new DecompressionStream("deflate"));
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return through(bytes, new CompressionStream("deflate"));
}

async function through(
  bytes: Uint8Array<ArrayBuffer>,
  transform: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(transform);
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
