/** Files that a user chose or dropped, folders included, and what to upload of them. */

export interface ChosenFile {
  readonly file: File;
  /** With the folders that it was chosen in, as "knee/IM0001". */
  readonly path: string;
}

/** One scan on its way: one file, or the files of a series. */
export interface Shipment {
  readonly name: string;
  readonly files: readonly ChosenFile[];
}

const WHOLE_SCANS = [".nii", ".nii.gz", ".nrrd", ".mha", ".zip"];

/** Files that are a scan by themselves travel alone; all others are taken for one DICOM series. */
export function shipments(chosen: readonly ChosenFile[]): readonly Shipment[] {
  const visible = chosen.filter(({ path }) => !fileName(path).startsWith(".")); // such as .DS_Store
  const isWhole = ({ path }: ChosenFile): boolean => WHOLE_SCANS.some((suffix) => path.toLowerCase().endsWith(suffix));
  const series = visible.filter((one) => !isWhole(one));
  const alone = [...visible.filter(isWhole), ...(series.length === 1 ? series : [])];
  const shipped = alone.map((one): Shipment => ({ name: fileName(one.path), files: [one] }));
  return series.length > 1 ? [...shipped, { name: `${folderOf(series)}.zip`, files: series }] : shipped;
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The folder that all files were chosen in; "dicom" where there is none. */
function folderOf(files: readonly ChosenFile[]): string {
  const folders = new Set(files.map(({ path }) => (path.includes("/") ? path.slice(0, path.indexOf("/")) : "")));
  const [only] = folders;
  return folders.size === 1 && only ? only : "dicom";
}

/** What a file field holds. */
export function chosenFiles(input: HTMLInputElement): readonly ChosenFile[] {
  return [...(input.files ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
}

/** What was dropped, with all that is in dropped folders. */
export async function droppedFiles(data: DataTransfer): Promise<readonly ChosenFile[]> {
  const entries = [...data.items].flatMap((item) => item.webkitGetAsEntry() ?? []); // gone after the first pause
  return (await Promise.all(entries.map(filesIn))).flat();
}

async function filesIn(entry: FileSystemEntry): Promise<readonly ChosenFile[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ file, path: entry.fullPath.replace(/^\//, "") }];
  }
  const found: ChosenFile[] = [];
  for (const inner of await entriesIn(entry as FileSystemDirectoryEntry)) found.push(...(await filesIn(inner)));
  return found;
}

/** Browsers give the entries of a folder in portions; an empty one is the last. */
async function entriesIn(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}
