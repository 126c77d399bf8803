"""Every error that isegformer raises on purpose, in one tree.

::

    IsegformerError
    ├── ShapeMismatchError    (ValueError)  two arrays that must share a shape do not
    ├── ConfigError           (ValueError)  a value of a configuration is out of its range, or unknown
    ├── GeometryError         (ValueError)  an affine, spacing or grid that cannot be used
    ├── VolumeReadError       (OSError)     a file or folder is not a volume that can be read
    │   ├── MaskError                       a file is not a mask of the scan that it is for
    │   └── SpacingMissingError             a file does not say how far apart its voxels are
    ├── WriteError            (OSError)     a file could not be written; what was there before is intact
    │   └── VolumeWriteError                the file is a mask
    ├── ScratchError          (OSError)     no room for a large array in a temporary file
    ├── ExportError           (ValueError)  a form of file that cannot hold an annotation
    ├── DeploymentError       (RuntimeError) a network in another form does not answer as before
    ├── ClickError            (ValueError)  a click outside its slice, or a malformed list of clicks
    ├── CheckpointError       (ValueError)  a checkpoint does not fit its network or cannot be read
    │   └── UnsafeCheckpointError           a checkpoint tried to do more than hold data
    ├── WeightsNotFoundError  (OSError)     named weights are neither bundled, cached nor downloadable
    ├── PropagationError      (ValueError)  annotations that cannot be propagated
    ├── SessionError          (ValueError)  a command that cannot be applied to the session as it is
    │   ├── LockedObjectError               a command would change a locked object
    │   ├── SessionOpenElsewhereError       another program, or another part of this one, has the folder
    │   └── SessionMismatchError            the folder belongs to another volume or other weights
    │       └── WeightsMismatchError        to other weights
    ├── JournalError          (OSError)     the journal of a session cannot be read or written
    ├── DatasetError          (OSError)     a data folder does not have the expected form
    │   └── UnreadableCaseError             one case of it is damaged or contradicts itself
    ├── TrainingMemoryError   (MemoryError) a training run needs more memory than there is
    ├── RequestError          (ValueError)  a request to the server that cannot be understood
    │   ├── LimitError                      it, or what it asks for, is larger than the server takes
    │   └── NotFoundError                   it names something that is not there
    ├── BusyError             (RuntimeError) the work that is under way has to end first
    │   └── ShuttingDownError               the server takes nothing any more, because it is about to end
    └── DependencyError       (ImportError) an optional dependency is not installed

Messages say what was got, what was expected, and, where the user can act, what to do.
"""


class IsegformerError(Exception):
    """Base of all errors raised on purpose."""


class ShapeMismatchError(IsegformerError, ValueError):
    """Two arrays that must share a shape do not."""


class ConfigError(IsegformerError, ValueError):
    """A value of a configuration is out of its range, or its name is unknown."""


class GeometryError(IsegformerError, ValueError):
    """An affine, spacing or grid that cannot be used."""


class VolumeReadError(IsegformerError, OSError):
    """A file or folder is not a volume that can be read."""


class MaskError(VolumeReadError):
    """A file is not a mask of the scan that it is for: unreadable, or on another grid."""


class SpacingMissingError(VolumeReadError):
    """A file or folder does not say how far apart its voxels are, and nobody else did."""


class WriteError(IsegformerError, OSError):
    """A file could not be written; what stood at the path before is intact."""


class VolumeWriteError(WriteError):
    """A mask could not be written; what stood at the path before is intact."""


class ScratchError(IsegformerError, OSError):
    """There is no room for a large array in a temporary file."""


class ExportError(IsegformerError, ValueError):
    """A form of file cannot hold an annotation as it is."""


class DeploymentError(IsegformerError, RuntimeError):
    """A network cannot be brought into another form, or does not answer there as it does in PyTorch."""


class ClickError(IsegformerError, ValueError):
    """A click outside its slice, or a malformed list of clicks."""


class CheckpointError(IsegformerError, ValueError):
    """A checkpoint does not fit its network or cannot be read."""


class UnsafeCheckpointError(CheckpointError):
    """A checkpoint tried to do more than hold data."""


class WeightsNotFoundError(IsegformerError, OSError):
    """Named weights are neither bundled, cached nor downloadable."""


class PropagationError(IsegformerError, ValueError):
    """Annotations that cannot be propagated."""


class SessionError(IsegformerError, ValueError):
    """A command that cannot be applied to the session as it is."""


class LockedObjectError(SessionError):
    """A command would change a locked object."""


class SessionOpenElsewhereError(SessionError):
    """The session folder is open already, here or in another process."""


class SessionMismatchError(SessionError):
    """The session folder belongs to another volume or to other weights."""


class WeightsMismatchError(SessionMismatchError):
    """The session was made with other weights."""


class JournalError(IsegformerError, OSError):
    """The journal of a session cannot be read or written."""


class DatasetError(IsegformerError, OSError):
    """A data folder does not have the expected form."""


class UnreadableCaseError(DatasetError):
    """One case of a data folder is damaged or contradicts itself; the others may be fine."""


class TrainingMemoryError(IsegformerError, MemoryError):
    """A training run needs more memory than there is."""


class RequestError(IsegformerError, ValueError):
    """A request to the server that cannot be understood."""


class LimitError(RequestError):
    """A request, or what it asks for, is larger than the server takes."""


class NotFoundError(RequestError):
    """A request names something that is not there."""


class BusyError(IsegformerError, RuntimeError):
    """The work that is under way has to end first."""


class ShuttingDownError(BusyError):
    """The server is about to end, and takes nothing any more."""


class DependencyError(IsegformerError, ImportError):
    """An optional dependency is not installed; the message names the extra to install."""
