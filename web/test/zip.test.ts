import assert from "node:assert/strict";
import test from "node:test";
import { crc32 as nodesCrc32 } from "node:zlib";

import { shipments, type ChosenFile } from "../src/sent_files.ts";
import { crc32, zipOf } from "../src/zip.ts";

function chosen(...paths: string[]): ChosenFile[] {
  return paths.map((path) => ({ path, file: { name: path } as File }));
}

test("the checksum is that of ZIP", () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, at) => (at * 7) & 255);
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
  assert.equal(crc32(bytes), nodesCrc32(bytes));
  assert.equal(crc32(new Uint8Array(0)), 0);
});

test("an archive begins with a file and ends with its list", async () => {
  const shares: number[] = [];
  const members = [{ name: "a", content: new Blob(["one"]) }, { name: "bé", content: new Blob(["two!"]) }];
  const archive = Buffer.from(await (await zipOf(members, (share) => shares.push(share))).arrayBuffer());
  assert.deepEqual(shares, [0.5, 1]);
  assert.equal(archive.readUInt32LE(0), 0x04034b50);
  assert.equal(archive.subarray(30, 34).toString(), "aone");
  const end = archive.length - 22;
  assert.deepEqual([archive.readUInt32LE(end), archive.readUInt16LE(end + 10)], [0x06054b50, 2]);
  assert.equal(archive.readUInt32LE(archive.readUInt32LE(end + 16)), 0x02014b50);
});

test("scans in one file travel alone, all others together under the name of their folder", () => {
  const plan = (...paths: string[]): [string, number][] => shipments(chosen(...paths)).map(({ name, files }) => [name, files.length]);
  assert.deepEqual(plan("a.nii.gz", "b.NRRD"), [["a.nii.gz", 1], ["b.NRRD", 1]]);
  assert.deepEqual(plan("knee/1/IM1", "knee/1/IM2", "knee/.DS_Store"), [["knee.zip", 2]]);
  assert.deepEqual(plan("1.dcm", "2.dcm", "x.mha"), [["x.mha", 1], ["dicom.zip", 2]]);
  assert.deepEqual(plan("ct/1.dcm"), [["1.dcm", 1]]);
  assert.deepEqual(plan(".DS_Store"), []);
});
