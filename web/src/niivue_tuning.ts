/** What NiiVue 0.69 does otherwise than this app needs it. */
import type { Niivue } from "@niivue/niivue";

import { SLICE_TYPES, type PlacedView } from "./tiles.ts";

/** NiiVue shrinks a tile to the shape of the image; zoomed in, the image shall fill the tile instead. */
export function fillTiles(nv: Niivue, views: () => readonly PlacedView[]): void {
  const fieldOfView = nv.screenFieldOfViewExtendedVox.bind(nv);
  nv.calculateWidthHeight = (_type, _scale, width, height) => [width, height];
  nv.screenFieldOfViewExtendedVox = (type = 0) => {
    const field = fieldOfView(type);
    const share = views().find(({ view }) => SLICE_TYPES[view] === type)?.share;
    if (share === undefined) return field;
    const aspect = (share[2] * nv.gl.canvas.width) / (share[3] * nv.gl.canvas.height);
    const [width, height] = [field.fovMM[0], field.fovMM[1]];
    const axis = aspect > width / height ? 0 : 1;
    const wanted = axis === 0 ? height * aspect : width / aspect;
    const middle = (field.mnMM[axis] + field.mxMM[axis]) / 2;
    field.fovMM[axis] = wanted;
    field.mnMM[axis] = middle - wanted / 2;
    field.mxMM[axis] = middle + wanted / 2;
    return field;
  };
}

const VEIL = 0.25;

/** In 3-D masks are solid, whatever their opacity on the slices, and the volume is a veil around them. */
export function showMasksIn3d(nv: Niivue, hasMasks: () => boolean): void {
  const draw3d = nv.draw3D.bind(nv);
  nv.draw3D = (...parameters) => {
    const opacity = nv.drawOpacity;
    nv.drawOpacity = opacity === 0 ? 0 : 1;
    nv.renderShader?.use(nv.gl);
    nv.gl.uniform1f(nv.renderShader?.uniforms["backOpacity"] ?? null, opacity > 0 && hasMasks() ? VEIL : 1);
    try {
      return draw3d(...parameters);
    } finally {
      nv.drawOpacity = opacity;
    }
  };
}

const TEXTURE6_GRADIENT = 33984 + 6;
const TEXTURE8_GRADIENT_TEMP = 33984 + 8;

/**
 * At every change of the window NiiVue computes the gradient of the volume, for a lighting that is switched off here:
 * two passes over all voxels and eight bytes a voxel on the graphics card. Its textures are made tiny instead, and
 * while the layer is refreshed nothing more is drawn once the first of them was asked for.
 */
export function skipGradient(nv: Niivue): void {
  const refreshLayers = nv.refreshLayers.bind(nv);
  const rgbaTex = nv.rgbaTex.bind(nv);
  let isRefreshing = false;
  nv.rgbaTex = (texture, unit, dims, isInit) => {
    const isGradient = isRefreshing && (unit === TEXTURE6_GRADIENT || unit === TEXTURE8_GRADIENT_TEMP);
    if (!isGradient) return rgbaTex(texture, unit, dims, isInit);
    nv.gl.drawArrays = () => undefined;
    nv.gl.framebufferTextureLayer = () => undefined;
    nv.gl.checkFramebufferStatus = () => nv.gl.FRAMEBUFFER_COMPLETE;
    return rgbaTex(texture, unit, [3, 2, 2, 2], isInit);
  };
  nv.refreshLayers = (...parameters) => {
    isRefreshing = true;
    try {
      return refreshLayers(...parameters);
    } finally {
      isRefreshing = false;
      const shadowed = nv.gl as Partial<WebGL2RenderingContext>; // deleting them uncovers the context's own methods
      delete shadowed.drawArrays;
      delete shadowed.framebufferTextureLayer;
      delete shadowed.checkFramebufferStatus;
    }
  };
}
