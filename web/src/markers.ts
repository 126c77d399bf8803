/** What lies on the views: sides of the patient, crosshair, clicks, box, brush. Drawn on a canvas above NiiVue's. */
import type { PendingClick } from "./outbox.ts";
import { fileAxisOf, toRas, type RasGrid } from "./ras_grid.ts";
import { pixelToVoxel } from "./slices.ts";
import { pointOf, sides, VIEW_AXES, type Rect, type SliceTile } from "./tiles.ts";
import type { Axis, PlacedClick, Voxel } from "./types.ts";

export interface BoxDraft {
  readonly from: { readonly x: number; readonly y: number };
  readonly to: { readonly x: number; readonly y: number };
}

export interface MarkerScene {
  readonly grid: RasGrid;
  readonly tiles: readonly SliceTile[];
  readonly view3d: { readonly rect: Rect; readonly image: HTMLCanvasElement | null } | null;
  readonly axis: Axis;
  readonly voxel: Voxel;
  readonly isRadiological: boolean;
  readonly clicks: readonly PlacedClick[];
  readonly pending: readonly PendingClick[];
  readonly activeLabel: number | null;
  readonly box: BoxDraft | null;
  /** Radius in pixels of the slice, and where. */
  readonly brush: { readonly voxel: Voxel; readonly radius_px: number } | null;
}

const ACCENT = "#5aa9ff";
const QUIET = "#8b97a6";
const ADD = "#37d67a";
const REMOVE = "#ff5d5d";
const FONT = "12px system-ui, sans-serif";
const MARK_RADIUS = 5;

export function drawMarkers(canvas: HTMLCanvasElement, scene: MarkerScene): void {
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  const dpr = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(canvas.clientWidth * dpr), Math.round(canvas.clientHeight * dpr)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  context.setTransform(dpr, 0, 0, dpr, 0, 0);
  context.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  const rasAcross = scene.grid.rasAxis[scene.axis];
  for (const tile of scene.tiles) drawTile(context, scene, tile, VIEW_AXES[tile.view].across === rasAcross);
  if (scene.view3d !== null) draw3d(context, scene.view3d);
}

function draw3d(context: CanvasRenderingContext2D, { rect, image }: NonNullable<MarkerScene["view3d"]>): void {
  if (image !== null) context.drawImage(image, rect.left, rect.top, rect.width, rect.height);
  drawFrame(context, rect, "3-D", false);
}

function drawTile(context: CanvasRenderingContext2D, scene: MarkerScene, tile: SliceTile, isWorking: boolean): void {
  const { left, top, width, height } = tile.rect;
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  drawCrosshair(context, scene, tile);
  if (isWorking) drawWork(context, scene, tile);
  drawSides(context, tile, scene.isRadiological);
  context.restore();
  drawFrame(context, tile.rect, tileTitle(scene, tile), isWorking && scene.tiles.length > 1);
}

function tileTitle(scene: MarkerScene, tile: SliceTile): string {
  const axis = fileAxisOf(scene.grid, VIEW_AXES[tile.view].across);
  const name = tile.view[0]?.toUpperCase() + tile.view.slice(1);
  return `${name}  ${scene.voxel[axis] + 1} / ${scene.grid.shape[axis]}`;
}

function drawFrame(context: CanvasRenderingContext2D, rect: Rect, title: string, isWorking: boolean): void {
  const { left, top, width, height } = rect;
  context.strokeStyle = isWorking ? ACCENT : "#252c36";
  context.lineWidth = 1;
  context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
  drawText(context, title, left + 9, top + 8, isWorking ? ACCENT : QUIET, "left", "top");
}

function drawSides(context: CanvasRenderingContext2D, tile: SliceTile, isRadiological: boolean): void {
  const { left, top, width, height } = tile.rect;
  const letters = sides(tile.view, isRadiological);
  drawText(context, letters.left, left + 9, top + height / 2, QUIET, "left", "middle");
  drawText(context, letters.right, left + width - 9, top + height / 2, QUIET, "right", "middle");
  drawText(context, letters.top, left + width / 2, top + 8, QUIET, "center", "top");
  drawText(context, letters.bottom, left + width / 2, top + height - 8, QUIET, "center", "bottom");
}

function drawText(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  colour: string,
  align: CanvasTextAlign,
  baseline: CanvasTextBaseline,
): void {
  Object.assign(context, { font: FONT, textAlign: align, textBaseline: baseline, lineWidth: 3, lineJoin: "round" });
  context.strokeStyle = "rgba(8, 10, 13, 0.85)";
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

/** Thin lines with a gap, so that what the crosshair points at can be seen. */
function drawCrosshair(context: CanvasRenderingContext2D, scene: MarkerScene, tile: SliceTile): void {
  const { x, y } = pointOf(tile, scene.grid.rasShape, toRas(scene.grid, scene.voxel));
  const { left, top, width, height } = tile.rect;
  const gap = 12;
  context.strokeStyle = "rgba(90, 169, 255, 0.45)";
  context.lineWidth = 1;
  context.beginPath();
  for (const [x0, y0, x1, y1] of [
    [left, y, x - gap, y],
    [x + gap, y, left + width, y],
    [x, top, x, y - gap],
    [x, y + gap, x, top + height],
  ] as const) {
    context.moveTo(Math.round(x0) + 0.5, Math.round(y0) + 0.5);
    context.lineTo(Math.round(x1) + 0.5, Math.round(y1) + 0.5);
  }
  context.stroke();
}

function drawWork(context: CanvasRenderingContext2D, scene: MarkerScene, tile: SliceTile): void {
  const isHere = (click: PlacedClick): boolean =>
    click.axis === scene.axis && click.index === scene.voxel[scene.axis] && click.label === scene.activeLabel;
  for (const click of scene.clicks.filter(isHere)) drawClick(context, scene, tile, click, false);
  for (const click of scene.pending.filter(isHere)) drawClick(context, scene, tile, click, true);
  if (scene.box !== null) drawBox(context, scene.box);
  if (scene.brush !== null) drawBrush(context, scene, tile);
}

function drawClick(
  context: CanvasRenderingContext2D,
  scene: MarkerScene,
  tile: SliceTile,
  click: PlacedClick,
  isPending: boolean,
): void {
  const voxel = pixelToVoxel(click, click.axis);
  const { x, y } = pointOf(tile, scene.grid.rasShape, toRas(scene.grid, voxel));
  const colour = click.is_positive ? ADD : REMOVE;
  context.beginPath();
  context.arc(x, y, MARK_RADIUS, 0, 2 * Math.PI);
  context.lineWidth = 3.5;
  context.strokeStyle = "rgba(8, 10, 13, 0.8)";
  context.stroke();
  context.lineWidth = 1.8;
  context.strokeStyle = isPending ? colour : "#ffffff";
  context.fillStyle = isPending ? "rgba(8, 10, 13, 0.5)" : colour;
  context.fill();
  context.stroke();
  drawSign(context, x, y, click.is_positive, isPending ? colour : "#0b0d10");
}

/** Plus and minus, for those who see no difference between red and green. */
function drawSign(context: CanvasRenderingContext2D, x: number, y: number, isPositive: boolean, colour: string): void {
  context.beginPath();
  context.lineWidth = 1.5;
  context.strokeStyle = colour;
  context.moveTo(x - 2.5, y);
  context.lineTo(x + 2.5, y);
  if (isPositive) {
    context.moveTo(x, y - 2.5);
    context.lineTo(x, y + 2.5);
  }
  context.stroke();
}

function drawBox(context: CanvasRenderingContext2D, { from, to }: BoxDraft): void {
  context.setLineDash([5, 4]);
  context.lineWidth = 1.5;
  context.strokeStyle = ADD;
  context.strokeRect(from.x, from.y, to.x - from.x, to.y - from.y);
  context.setLineDash([]);
}

function drawBrush(context: CanvasRenderingContext2D, scene: MarkerScene, tile: SliceTile): void {
  if (scene.brush === null) return;
  const { rasShape } = scene.grid;
  const { x, y } = pointOf(tile, rasShape, toRas(scene.grid, scene.brush.voxel));
  const { right, up } = VIEW_AXES[tile.view];
  const radius = scene.brush.radius_px + 0.5;
  const radiusX = Math.abs(radius / rasShape[right] / tile.right.slope);
  const radiusY = Math.abs(radius / rasShape[up] / tile.up.slope);
  context.beginPath();
  context.ellipse(x, y, radiusX, radiusY, 0, 0, 2 * Math.PI);
  context.lineWidth = 1.5;
  context.strokeStyle = "rgba(255, 255, 255, 0.9)";
  context.stroke();
}
