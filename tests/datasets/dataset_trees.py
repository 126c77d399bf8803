"""Tiny folders in every form."""

import json

import cv2
import numpy as np
import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid
from scipy.io import savemat

from isegformer.volume import Geometry, LabelMap, write_label_map

LABELS = np.array([[0, 1, 1, 0, 0], [0, 1, 0, 2, 2], [0, 0, 0, 2, 2], [0, 0, 0, 0, 0]], np.uint8)
"""4 x 5 pixels, two objects."""


def put(path, pixels):
    """Write an image; colours are RGB."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = pixels if pixels.ndim == 2 else pixels[..., ::-1]
    assert cv2.imwrite(str(path), stored)


def put_text(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def put_volume(path, labels, affine=None):
    """Write whole numbers (I, J, K) as a volume."""
    path.parent.mkdir(parents=True, exist_ok=True)
    affine = np.diag([1.0, 2.0, 3.0, 1.0]) if affine is None else affine
    write_label_map(LabelMap(labels, Geometry(labels.shape, affine)), path)


def put_series(folder, voxels, description="SAG_3D_DESS_RIGHT"):
    """Write (columns, rows, slices) as a sagittal series: columns run back, rows down, slices right."""
    folder.mkdir(parents=True)
    uid = generate_uid()
    for k in range(voxels.shape[2]):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID = MRImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        ds = pydicom.Dataset()
        ds.file_meta = meta
        ds.SOPClassUID, ds.SOPInstanceUID = MRImageStorage, meta.MediaStorageSOPInstanceUID
        ds.SeriesInstanceUID, ds.SeriesDescription, ds.InstanceNumber = uid, description, k + 1
        ds.Modality = "MR"
        ds.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
        ds.ImagePositionPatient = [-0.7 * k, 0, 0]
        ds.PixelSpacing, ds.SliceThickness = [0.36, 0.36], 0.7
        ds.Columns, ds.Rows = voxels.shape[:2]
        ds.BitsAllocated = ds.BitsStored = 16
        ds.HighBit, ds.PixelRepresentation, ds.SamplesPerPixel = 15, 0, 1
        ds.PhotometricInterpretation = "MONOCHROME2"
        ds.PixelData = voxels[:, :, k].T.astype("<u2").tobytes()
        ds.save_as(folder / f"{k + 1:03d}", enforce_file_format=True)


def photograph(seed=0):
    """Return RGB noise in the size of LABELS."""
    return np.random.default_rng(seed).integers(1, 255, (*LABELS.shape, 3)).astype(np.uint8)


def block(shape=(5, 6, 4), start=1, label=1):
    """Return labels (I, J, K) with one block two voxels wide."""
    labels = np.zeros(shape, np.uint16)
    labels[start : start + 2, 1:3, 1:3] = label
    return labels


def voc_colours(indices):
    """Return RGB of indices 0, 1, 2 and 255, as the development kit lists them."""
    table = {0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0), 255: (224, 224, 192)}
    return np.array([[table[int(index)] for index in row] for row in indices], np.uint8)


def make_slices(root):
    put(root / "images" / "a.png", photograph())
    put(root / "labels" / "a.png", LABELS)


def make_volumes(root):
    put_volume(root / "a_image.nii.gz", 10 * block())
    put_volume(root / "a_label.nii.gz", block())
    put_volume(root / "b_image.mha", 10 * block())
    put_volume(root / "b_label.nrrd", block())


def make_images(root):
    put(root / "a.png", photograph())
    put(root / "b.tif", LABELS)


def make_scans(root):
    put_volume(root / "a.nii.gz", block())
    put_series(root / "b", 10 * block())


def make_grabcut(root):
    put(root / "data_GT" / "flower.bmp", photograph())
    put(root / "boundary_GT" / "flower.bmp", np.array([0, 128, 255], np.uint8)[LABELS])


def make_berkeley(root):
    put(root / "images" / "12003.png", photograph())
    put(root / "masks" / "12003.png", np.array([0, 255, 255], np.uint8)[LABELS])


def make_davis(root):
    put(root / "img" / "000.png", photograph())
    put(root / "gt" / "000.png", np.array([[0, 0, 0], [128, 0, 0], [0, 0, 1]], np.uint8)[LABELS])


def make_sstem(root):
    put(root / "stack1" / "raw" / "00.tif", photograph()[..., 0])
    for part, grey in (("mitochondria", 255), ("synapses", 1)):
        put(root / "stack1" / part / "00.png", np.where(LABELS > 0, grey, 0).astype(np.uint8))


def make_brats(root):
    for sequence, factor in (("flair", 10), ("t1", 20), ("t1ce", 30), ("t2", 40), ("seg", 1)):
        name = f"BraTS20_Training_001_{sequence}.nii"
        put_volume(root / "BraTS20_Training_001" / name, factor * block(label=4))
    put_text(root / "name_mapping.csv", "x")


def make_oai(root):
    put_series(root / "0.C.2" / "9000099" / "20050712" / "10424405", 10 * block())
    put_series(root / "0.C.2" / "9000099" / "20050712" / "10424406", block(), description="COR_T1_3D_FLASH")
    put_text(root / "0.E.1" / "9000798" / "20040924" / "1" / "001", "no DICOM")


def make_oai_zib(root):
    """Put an object into the corner of the scan that is far right, in front and at the top of the patient."""
    scan = np.zeros((6, 5, 3), np.uint16)  # columns run back, rows down, slices right
    scan[0:2, 0:2, 2] = 500
    put_series(root / "00m" / "0.C.2" / "9001104" / "20050826" / "10593811", scan)
    mask = np.zeros((3, 6, 5), np.uint16)  # left, back, head
    mask[0, 0:2, 3:5] = 2
    put_volume(root / "segmentation" / "segmentation_masks" / "9001104.segmentation_masks.mhd", mask)
    put_text(
        root / "segmentation" / "doc" / "oai_mri_paths.txt",
        "9001104: 0.C.2/9001104/20050826/10593811\n9001400: 0.C.2/9001400/20050706/10361806\n",
    )


def make_oai_zib_slices(root):
    put(root / "train" / "image" / "9001104_40.png", photograph())
    put(root / "train" / "annotations" / "9001104_40.png", np.repeat(LABELS[..., None], 3, axis=2))


def make_pascal_voc(root):
    indices = LABELS.astype(np.uint16)
    indices[0, 0] = 255
    for name in ("2007_000032", "2007_000033"):
        put(root / "JPEGImages" / f"{name}.jpg", photograph())
        put(root / "SegmentationObject" / f"{name}.png", voc_colours(indices))
    put_text(root / "ImageSets" / "Segmentation" / "train.txt", "2007_000032\n")
    put_text(root / "ImageSets" / "Segmentation" / "val.txt", "2007_000033\n")


def make_sbd(root):
    put(root / "img" / "2008_000002.jpg", photograph())
    (root / "inst").mkdir()
    fields = {"Segmentation": LABELS, "Boundaries": np.zeros(2), "Categories": np.array([[15], [15]])}
    savemat(root / "inst" / "2008_000002.mat", {"GTinst": fields})
    put_text(root / "train.txt", "2008_000002\n")


SQUARE = [1, 0, 3, 0, 3, 2, 1, 2]
"""Pixels of rows 0, 1 and columns 1, 2."""


def coco_record(annotations, **image):
    image = {"id": 9, "height": 4, "width": 5, **image}
    return {"images": [image], "annotations": [{"image_id": 9, **entry} for entry in annotations]}


def make_coco_lvis(root):
    put(root / "train2017" / "000000000009.jpg", photograph())
    lvis = coco_record(
        [{"segmentation": [SQUARE]}],
        coco_url="http://images.cocodataset.org/train2017/000000000009.jpg",
    )
    coco = coco_record(
        [
            {"segmentation": [SQUARE], "iscrowd": 0},
            {"segmentation": [[4, 3, 5, 3, 5, 4, 4, 4]], "iscrowd": 0},
            {"segmentation": {"size": [4, 5], "counts": [0, 8, 12]}, "iscrowd": 1},
        ],
        file_name="000000000009.jpg",
    )
    put_text(root / "annotations" / "lvis_v1_train.json", json.dumps(lvis))
    put_text(root / "annotations" / "instances_train2017.json", json.dumps(coco))


MAKERS = {
    "slices": make_slices,
    "volumes": make_volumes,
    "images": make_images,
    "scans": make_scans,
    "grabcut": make_grabcut,
    "berkeley": make_berkeley,
    "davis": make_davis,
    "sstem-mitochondria": make_sstem,
    "sstem-synapses": make_sstem,
    "brats": make_brats,
    "oai": make_oai,
    "oai-zib": make_oai_zib,
    "oai-zib-slices": make_oai_zib_slices,
    "pascal-voc": make_pascal_voc,
    "sbd": make_sbd,
    "coco-lvis": make_coco_lvis,
}
