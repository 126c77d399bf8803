/**
 * The volume on the screen. NiiVue draws; what the user does on the canvas is ours (`pointer.ts`), so NiiVue's own
 * listeners stay off. Views are cut along voxel planes, never oblique, because clicks belong to slices of the file.
 */
import { Niivue, NVImage } from "@niivue/niivue";

import { fillTiles, showMasksIn3d, skipGradient } from "./niivue_tuning.ts";
import { boxToRas, rasGrid, toRas, type RasGrid } from "./ras_grid.ts";
import {
  lineThrough,
  placedViews,
  SLICE_TYPES,
  SLICE_VIEWS,
  VIEW_AXES,
  type Layout,
  type PlacedView,
  type Rect,
  type SliceTile,
  type SliceView,
} from "./tiles.ts";
import type { Box, IntensityWindow, Voxel } from "./types.ts";

const TEXTURE7_DRAW = 33984 + 7; // NiiVue's texture unit of the drawing
const BACKGROUND = [0.043, 0.051, 0.063, 1];
const DELAY_3D_MS = 250;

export interface OverlayStyle {
  readonly opacity: number;
  readonly isOutline: boolean;
  readonly isHidden: boolean;
}

/** A smoothed surface loses what is one or two voxels thick, so thin masks are shown as the blocks that they are. */
export type Surface = "none" | "blocks" | "smooth";

export class Viewer {
  readonly grid: RasGrid;
  /** The drawing's voxels; change them, then call `upload`. */
  readonly drawing: Uint8Array;
  /** Called after each drawing of the scene. */
  onDrawn: () => void = () => undefined;
  /** How the masks look in 3-D. */
  surface: Surface = "none";

  private readonly nv: Niivue;
  private readonly image: NVImage;
  private views: readonly PlacedView[] = [];
  private isDrawAsked = false;
  private isWindowAsked = false;
  private is3dStale = true;
  private isSurfaceStale = false;
  private timer3d: ReturnType<typeof setTimeout> | undefined;
  private readonly kept3d = document.createElement("canvas");

  /** Show a volume, NIfTI as the server sends it. */
  static async open(canvas: HTMLCanvasElement, file: ArrayBuffer, shape: Voxel, window: IntensityWindow): Promise<Viewer> {
    const nv = new Niivue({
      backColor: BACKGROUND,
      interactive: false,
      isResizeCanvas: true,
      isSliceMM: false,
      isRadiologicalConvention: true,
      isOrientationTextVisible: false,
      isOrientCube: false,
      crosshairWidth: 0,
      show3Dcrosshair: false,
      dragAndDropEnabled: false,
      loadingText: "",
      sliceType: SLICE_TYPES.axial, // until `setLayout`
      logLevel: "error",
    });
    await nv.attachToCanvas(canvas, true);
    const name = "volume.nii.gz"; // tells the format; nothing is fetched where the bytes are given
    const { low: cal_min, high: cal_max } = window;
    skipGradient(nv);
    const image = await NVImage.loadFromUrl({ url: name, name, buffer: file, colormap: "gray", cal_min, cal_max });
    return new Viewer(nv, image, shape);
  }

  private constructor(nv: Niivue, image: NVImage, shape: Voxel) {
    this.nv = nv;
    this.image = image;
    nv.addVolume(image);
    nv.createEmptyDrawing();
    nv.drawClearAllUndoBitmaps();
    nv.clickToSegmentGrowingBitmap = null; // a second copy of the drawing for a tool that is not used
    this.drawing = nv.drawBitmap as Uint8Array;
    this.grid = rasGrid(shape, image.permRAS as number[]);
    fillTiles(nv, () => this.views);
    showMasksIn3d(nv, () => this.surface !== "none");
  }

  /** Intensities in the order of the file, with the factors that make them real. */
  get intensities(): { voxels: ArrayLike<number>; slope: number; intercept: number } {
    const { img, hdr } = this.image;
    return { voxels: img as ArrayLike<number>, slope: hdr?.scl_slope || 1, intercept: hdr?.scl_inter ?? 0 };
  }

  intensityAt([i, j, k]: Voxel): number {
    const { voxels, slope, intercept } = this.intensities;
    const [ni, nj] = this.grid.shape;
    return (voxels[i + ni * (j + nj * k)] as number) * slope + intercept;
  }

  setLayout(layout: Layout, main: SliceView): void {
    this.views = placedViews(layout, main);
    this.kept3d.width = 0; // of another size
    this.draw3dSoon();
    this.draw();
  }

  setPosition(voxel: Voxel): void {
    const ras = toRas(this.grid, voxel);
    const at = (axis: 0 | 1 | 2): number => (ras[axis] + 0.5) / this.grid.rasShape[axis];
    this.nv.scene.crosshairPos[0] = at(0);
    this.nv.scene.crosshairPos[1] = at(1);
    this.nv.scene.crosshairPos[2] = at(2);
    this.draw();
  }

  /** Windowing runs over the whole volume on the graphics card, so once a frame is enough. */
  setWindow(window: IntensityWindow): void {
    this.image.cal_min = window.low;
    this.image.cal_max = window.high;
    if (this.isWindowAsked) return;
    this.isWindowAsked = true;
    requestAnimationFrame(() => {
      this.isWindowAsked = false;
      this.layOut(this.slices);
      this.nv.updateGLVolume();
      this.onDrawn();
      this.draw3dSoon();
    });
  }

  setSmooth(isSmooth: boolean): void {
    this.nv.setInterpolation(!isSmooth);
    this.draw();
  }

  setRadiological(isRadiological: boolean): void {
    this.nv.opts.isRadiologicalConvention = isRadiological;
    this.draw();
  }

  setColours(table: Uint8ClampedArray<ArrayBuffer>): void {
    this.nv.drawLut = { lut: table, labels: [] };
    this.nv.refreshColormaps();
    this.draw3dSoon();
    this.draw();
  }

  /** An outline is an opaque rim around a fill that is all but transparent; NiiVue draws no rim without a fill. */
  setOverlay(style: OverlayStyle): void {
    this.nv.drawOpacity = style.isHidden ? 0 : style.isOutline ? 0.004 : style.opacity;
    this.nv.drawRimOpacity = style.isHidden ? -1 : style.isOutline ? 1 : Math.min(1, style.opacity + 0.35);
    this.draw3dSoon();
    this.draw();
  }

  /** Bring a changed box of the drawing, in voxels of the file, to the graphics card; nothing else travels. */
  upload(box: Box): void {
    const { start, stop } = boxToRas(this.grid, box);
    const [nx, ny] = this.grid.rasShape;
    const { gl } = this.nv;
    gl.activeTexture(TEXTURE7_DRAW);
    gl.bindTexture(gl.TEXTURE_3D, this.nv.drawTexture);
    const layout: readonly (readonly [number, number])[] = [
      [gl.UNPACK_ALIGNMENT, 1],
      [gl.UNPACK_ROW_LENGTH, nx],
      [gl.UNPACK_IMAGE_HEIGHT, ny],
      [gl.UNPACK_SKIP_PIXELS, start[0]],
      [gl.UNPACK_SKIP_ROWS, start[1]],
      [gl.UNPACK_SKIP_IMAGES, start[2]],
    ];
    for (const [name, value] of layout) gl.pixelStorei(name, value);
    const size = [stop[0] - start[0], stop[1] - start[1], stop[2] - start[2]] as const;
    gl.texSubImage3D(gl.TEXTURE_3D, 0, ...start, ...size, gl.RED, gl.UNSIGNED_BYTE, this.drawing);
    for (const [name] of layout.slice(1)) gl.pixelStorei(name, 0); // NiiVue counts on the defaults
    this.isSurfaceStale = true;
    this.draw3dSoon();
    this.draw();
  }

  /** Turn the 3-D view. */
  turn(azimuth_deg: number, elevation_deg: number): void {
    const { scene } = this.nv;
    scene.renderAzimuth += azimuth_deg;
    scene.renderElevation = Math.max(-90, Math.min(90, scene.renderElevation + elevation_deg));
    this.draw3d();
  }

  /** Zoom the slices, holding what lies under a voxel of NiiVue's grid still. */
  zoom(factor: number, ras: Voxel): void {
    const pan = this.nv.scene.pan2Dxyzmm;
    const before = pan[3];
    const after = Math.max(1, Math.min(30, before * factor));
    const at = this.orthoMm(ras);
    for (const axis of [0, 1, 2] as const) pan[axis] = after === 1 ? 0 : pan[axis] + at[axis] * (before - after);
    pan[3] = after;
    this.draw();
  }

  /** Zoom the slices about a voxel of the file. */
  zoomAt(factor: number, voxel: Voxel): void {
    this.zoom(factor, toRas(this.grid, voxel));
  }

  zoom3d(factor: number): void {
    this.nv.scene.volScaleMultiplier = Math.max(0.4, Math.min(8, this.nv.scene.volScaleMultiplier * factor));
    this.draw3d();
  }

  /** Begin to move the slices: the function it returns brings what was at `from` to where another voxel was then. */
  panner(from: Voxel): (to: Voxel) => void {
    const start = [...this.nv.scene.pan2Dxyzmm];
    const held = this.orthoMm(from);
    return (to) => {
      const now = this.orthoMm(to);
      const at = (axis: 0 | 1 | 2): number => (start[axis] ?? 0) + (now[axis] - held[axis]) * (start[3] ?? 1);
      this.nv.scene.pan2Dxyzmm = [at(0), at(1), at(2), start[3] ?? 1];
      this.draw();
    };
  }

  fit(): void {
    this.nv.scene.pan2Dxyzmm = [0, 0, 0, 1];
    this.nv.scene.volScaleMultiplier = 1;
    this.draw3d();
  }

  /** The slice views as they were drawn last. */
  tiles(): readonly SliceTile[] {
    const dpr = this.nv.uiData.dpr || 1;
    return this.nv.screenSlices.flatMap((tile, at) => {
      const view = SLICE_VIEWS.find((name) => SLICE_TYPES[name] === tile.axCorSag);
      return view === undefined ? [] : [this.sliceTile(view, at, tile.leftTopWidthHeight, dpr)];
    });
  }

  /** The 3-D view as it was drawn last, and where it lies in CSS pixels; null where there is none. */
  get view3d(): { readonly rect: Rect; readonly image: HTMLCanvasElement | null } | null {
    const placed = this.views.find(({ view }) => view === "render");
    const canvas = this.nv.canvas;
    if (placed === undefined || canvas === null) return null;
    const [left, top, width, height] = placed.share;
    const [w, h] = [canvas.clientWidth, canvas.clientHeight];
    const rect = { left: left * w, top: top * h, width: width * w, height: height * h };
    return { rect, image: this.kept3d.width > 0 ? this.kept3d : null };
  }

  /** Draw in the next frame. */
  draw(): void {
    if (this.isDrawAsked) return;
    this.isDrawAsked = true;
    requestAnimationFrame(() => {
      this.isDrawAsked = false;
      this.render();
      this.onDrawn();
    });
  }

  /** The canvas has another size: everything is drawn anew. */
  resized(): void {
    this.kept3d.width = 0;
    this.draw3dSoon();
    this.draw();
  }

  close(): void {
    clearTimeout(this.timer3d);
    this.onDrawn = () => undefined;
    this.nv.gl.getExtension("WEBGL_lose_context")?.loseContext();
    this.nv.cleanup();
  }

  private sliceTile(view: SliceView, at: number, leftTopWidthHeight: readonly number[], dpr: number): SliceTile {
    const rect = cssRect(leftTopWidthHeight, dpr);
    const [x0, x1] = [rect.left + rect.width / 4, rect.left + (rect.width * 3) / 4];
    const [y0, y1] = [rect.top + rect.height / 4, rect.top + (rect.height * 3) / 4];
    const first = this.nv.screenXY2TextureFrac(x0 * dpr, y0 * dpr, at, false);
    const second = this.nv.screenXY2TextureFrac(x1 * dpr, y1 * dpr, at, false);
    const { right, up } = VIEW_AXES[view];
    return {
      view,
      rect,
      right: lineThrough(x0, first[right], x1, second[right]),
      up: lineThrough(y0, first[up], y1, second[up]),
    };
  }

  private orthoMm(ras: Voxel): Voxel {
    const { extentsMinOrtho: low, extentsMaxOrtho: high } = this.image;
    const at = (axis: 0 | 1 | 2): number => {
      const [first, last] = [low?.[axis] ?? 0, high?.[axis] ?? 0];
      return first + ((ras[axis] + 0.5) / this.grid.rasShape[axis]) * (last - first);
    };
    return [at(0), at(1), at(2)];
  }

  private get slices(): readonly PlacedView[] {
    return this.views.filter(({ view }) => view !== "render");
  }

  private layOut(views: readonly PlacedView[]): void {
    this.nv.customLayout = views.map(({ view, share }) => ({
      sliceType: SLICE_TYPES[view],
      position: [...share] as [number, number, number, number],
    }));
    this.nv.opts.sliceType = SLICE_TYPES.all;
  }

  /** Casting rays is slow, so the 3-D view is drawn only when what it shows has changed; a picture of it is kept. */
  private render(): void {
    const is3dDrawn = this.views.length > this.slices.length && (this.is3dStale || this.slices.length === 0);
    this.layOut(is3dDrawn ? this.views : this.slices);
    this.nv.drawScene();
    if (!is3dDrawn) return;
    this.is3dStale = false;
    this.keep3d();
    if (this.slices.length > 0) this.layOut(this.slices); // NiiVue draws by itself when the canvas is resized
  }

  private keep3d(): void {
    const { rect } = this.view3d as NonNullable<Viewer["view3d"]>;
    const dpr = this.nv.uiData.dpr || 1;
    const [left, top, width, height] = [rect.left * dpr, rect.top * dpr, rect.width * dpr, rect.height * dpr];
    this.kept3d.width = Math.round(width);
    this.kept3d.height = Math.round(height);
    const context = this.kept3d.getContext("2d") as CanvasRenderingContext2D;
    context.drawImage(this.nv.canvas as HTMLCanvasElement, left, top, width, height, 0, 0, width, height);
  }

  private draw3d(): void {
    this.is3dStale = true;
    this.draw();
  }

  /** The surface is smoothed on the graphics card, over the whole volume: only when things are quiet. */
  private draw3dSoon(): void {
    clearTimeout(this.timer3d);
    if (this.views.length === this.slices.length) return;
    this.timer3d = setTimeout(() => {
      this.nv.opts.smoothDrawing = this.surface === "smooth" ? 1 : 0;
      if (this.isSurfaceStale && this.surface === "smooth") this.nv.blurDrawingGL([3, ...this.grid.rasShape]);
      this.isSurfaceStale = false;
      this.draw3d();
    }, DELAY_3D_MS);
  }
}

function cssRect([left, top, width, height]: readonly number[], dpr: number): Rect {
  return { left: left! / dpr, top: top! / dpr, width: width! / dpr, height: height! / dpr };
}
