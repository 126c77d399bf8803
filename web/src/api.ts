/** Typed client of the server's routes. */
import type { About, Adaptation, AdaptationRun, Advice, Applied, Axis, Click, Command, Job, Problem, ScanSummary, Session } from "./types.ts";
import type { PixelBox } from "./slices.ts";
import { encodeMask } from "./wire.ts";

/** The server answered, and says what is wrong and what to do. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.problem = problem;
  }

  get status(): number {
    return this.problem.status;
  }
}

/** There was no answer: the server has gone, or the way to it. */
export class ConnectionError extends Error {}

export interface SliceTarget {
  readonly label: number;
  readonly axis: Axis;
  readonly index: number;
}

export type OnBytes = (received: number, total: number | null) => void;

export const api = {
  about: (): Promise<About> => getJson("about"),
  scans: async (): Promise<readonly ScanSummary[]> => (await getJson<{ scans: ScanSummary[] }>("scans")).scans,
  sample: (): Promise<ScanSummary> => sendJson("POST", "scans/sample", {}),
  giveSpacing: async (scan: string, spacing_mm: readonly [number, number, number]): Promise<void> => {
    await sendJson("PUT", `scans/${scan}/spacing`, { spacing_mm });
  },
  openSession: (scan: string): Promise<Session> => sendJson("POST", "sessions", { scan }),
  session: (id: string): Promise<Session> => getJson(`sessions/${id}`),
  volume: (scan: string, onBytes: OnBytes): Promise<ArrayBuffer> => download(`scans/${scan}/volume.nii.gz`, onBytes),
  labels: async (id: string): Promise<ArrayBuffer> => (await answer(`sessions/${id}/labels`)).arrayBuffer(),

  addClicks: (id: string, target: SliceTarget, clicks: readonly Click[]): Promise<Applied> =>
    sendJson("POST", `sessions/${id}/clicks`, { ...target, clicks }),
  addBox: (id: string, target: SliceTarget, box: PixelBox): Promise<Applied> =>
    sendJson("POST", `sessions/${id}/boxes`, { ...target, ...box }),
  paint: async (id: string, target: SliceTarget, mask: Uint8Array): Promise<Applied> =>
    sendJson("POST", `sessions/${id}/paint`, { ...target, runs: await encodeMask(mask) }),
  command: (id: string, command: Command): Promise<Applied> => sendJson("POST", `sessions/${id}/commands`, command),

  importMask: async (id: string, file: File): Promise<Applied> => {
    const form = new FormData();
    form.append("file", file);
    return (await answer(`sessions/${id}/label-map`, { method: "POST", body: form })).json() as Promise<Applied>;
  },

  propagate: (id: string, axis: Axis): Promise<Job> => sendJson("POST", `sessions/${id}/propagation`, { axis }),
  cancelPropagation: async (id: string): Promise<void> => {
    await answer(`sessions/${id}/propagation`, { method: "DELETE" });
  },
  advice: (id: string, axis: Axis): Promise<Advice> => getJson(`sessions/${id}/advice?axis=${axis}`),

  adaptation: (): Promise<Adaptation> => getJson("adaptation"),
  adapt: (minutes: number): Promise<AdaptationRun> => sendJson("POST", "adaptation", { minutes }),
  cancelAdapting: async (): Promise<void> => {
    await answer("adaptation", { method: "DELETE" });
  },
  chooseWeights: (adapted: boolean): Promise<Adaptation> => sendJson("PUT", "adaptation/weights", { adapted }),

  /** `objects`: all in one file, a file for each in an archive, or one of them by its label. */
  exportUrl: (id: string, format: string, objects: "all" | "each" | number): string => {
    const query = { all: "", each: "?each=true" }[String(objects)] ?? `?object=${objects}`;
    return `/api/sessions/${id}/exports/${format}${query}`;
  },
  eventsUrl: (id: string): string => `${location.origin.replace(/^http/, "ws")}/api/sessions/${id}/events`,
};

/** Upload a scan; XMLHttpRequest, because fetch does not tell how far it is. */
export function upload(file: Blob, name: string, onShare: (share: number) => void): Promise<ScanSummary> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/scans");
    request.upload.onprogress = (event) => onShare(event.loaded / event.total);
    request.onerror = () => reject(new ConnectionError("The upload broke off: the server does not answer."));
    request.onload = () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText) as ScanSummary);
      else reject(new ProblemError(asProblem(request.responseText, request.status, request.statusText)));
    };
    const form = new FormData();
    form.append("file", file, name);
    request.send(form);
  });
}

/** Fetch a file that the user asked for, and hand it to the browser's downloads under the server's name. */
export async function saveFile(url: string): Promise<string> {
  const response = await answer(url.replace(/^\/api\//, ""));
  const name = fileName(response.headers.get("content-disposition")) ?? "export";
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // some browsers read it only after the click
  return name;
}

/** The file name in a Content-Disposition header. */
export function fileName(header: string | null): string | null {
  const encoded = header?.match(/filename\*=UTF-8''([^;]+)/i)?.[1];
  if (encoded !== undefined) return decodeURIComponent(encoded);
  return header?.match(/filename="?([^";]+)"?/i)?.[1] ?? null;
}

async function getJson<Value>(path: string): Promise<Value> {
  return (await answer(path)).json() as Promise<Value>;
}

async function sendJson<Value>(method: string, path: string, body: unknown): Promise<Value> {
  const headers = { "Content-Type": "application/json" };
  return (await answer(path, { method, headers, body: JSON.stringify(body) })).json() as Promise<Value>;
}

async function download(path: string, onBytes: OnBytes): Promise<ArrayBuffer> {
  const response = await answer(path);
  const length = response.headers.get("content-length");
  const total = length === null ? null : Number(length);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let received = 0;
  const reader = (response.body as ReadableStream<Uint8Array<ArrayBuffer>>).getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    pieces.push(piece.value);
    received += piece.value.length;
    onBytes(received, total);
  }
  return new Blob(pieces).arrayBuffer();
}

async function answer(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`/api/${path}`, { credentials: "same-origin", ...init });
  } catch (cause) {
    throw new ConnectionError("The server does not answer.", { cause });
  }
  if (response.ok) return response;
  throw new ProblemError(asProblem(await response.text(), response.status, response.statusText));
}

function asProblem(text: string, status: number, title: string): Problem {
  const blank = { type: "about:blank", title: title || `Error ${status}`, status, detail: "" };
  try {
    return { ...blank, ...(JSON.parse(text) as Partial<Problem>), status };
  } catch {
    return blank; // a proxy in between answers with a page of its own
  }
}
