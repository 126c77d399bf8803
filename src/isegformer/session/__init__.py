"""The use case: commands with undo and redo on one piece of work, kept in a journal that survives a crash."""

from isegformer.session.annotations import SessionAnnotations, read_annotations, session_volume_sha256
from isegformer.session.commands import (
    COMMANDS,
    AcceptSlice,
    AddClick,
    AddClicks,
    AddObject,
    AdoptWeights,
    ClearClicks,
    ClickPoint,
    Command,
    ImportLabelMap,
    LabelName,
    PaintMask,
    Propagate,
    RecolourObject,
    Redo,
    RemoveObject,
    RenameObject,
    ReopenSlice,
    SetObjectLocked,
    SetObjectVisible,
    SetOverlapRule,
    SetWindow,
    Undo,
    from_json,
    to_json,
)
from isegformer.session.folder import adopt_weights
from isegformer.session.jobs import Job
from isegformer.session.journal import JOURNAL_NAME, Journal
from isegformer.session.label_delta import Box
from isegformer.session.objects import OverlapRule, SegmentObject
from isegformer.session.outcome import HistoryEntry, Outcome, SessionView
from isegformer.session.packed_array import PackedArray
from isegformer.session.protocols import (
    EarlierResult,
    Propagation,
    SlicePrediction,
    SliceSegmenter,
    WeightsFingerprint,
)
from isegformer.session.replay import ReplayReport, replay
from isegformer.session.round_records import Round, RoundKey
from isegformer.session.session import Session
from isegformer.session.sheet import Settings, Sheet, SliceKey

__all__ = [
    "COMMANDS",
    "JOURNAL_NAME",
    "AcceptSlice",
    "AddClick",
    "AddClicks",
    "AddObject",
    "AdoptWeights",
    "Box",
    "ClearClicks",
    "ClickPoint",
    "Command",
    "EarlierResult",
    "HistoryEntry",
    "ImportLabelMap",
    "Job",
    "Journal",
    "LabelName",
    "Outcome",
    "OverlapRule",
    "PackedArray",
    "PaintMask",
    "Propagate",
    "Propagation",
    "RecolourObject",
    "Redo",
    "RemoveObject",
    "RenameObject",
    "ReopenSlice",
    "ReplayReport",
    "Round",
    "RoundKey",
    "SegmentObject",
    "Session",
    "SessionAnnotations",
    "SessionView",
    "SetObjectLocked",
    "SetObjectVisible",
    "SetOverlapRule",
    "SetWindow",
    "Settings",
    "Sheet",
    "SliceKey",
    "SlicePrediction",
    "SliceSegmenter",
    "Undo",
    "WeightsFingerprint",
    "adopt_weights",
    "from_json",
    "read_annotations",
    "replay",
    "session_volume_sha256",
    "to_json",
]
