"""Options of a run, as frozen values: built once in `cli`, read by the workflows.

None and empty tuples mean "not given": then pip's configuration, or a default, may answer. URLs may hold credentials.
"""

from __future__ import annotations

from peep.dataclass import dataclass, field
from peep.model import FormatControl


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """Where the pins are written."""

    requirement_files: tuple[str, ...] = ()
    """Each `-r`, in order: a path, a URL, `-` for standard input, a `pylock.toml`; or a plain argument that is one."""
    constraint_files: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    """Each plain argument, with its own `--hash=…` words after it."""
    extras: tuple[str, ...] = ()
    """Extras of lock files to install (PEP 751)."""
    groups: tuple[str, ...] = ()
    """Dependency groups of lock files to install (PEP 751); empty: the lock file's defaults."""


@dataclass(frozen=True, slots=True)
class BundleSource:
    """`--bundle`: where archives come from in the place of indexes."""

    place: str
    """A folder, a tar, or the URL below which a bundle lies."""
    digest: str | None = None
    """`--bundle-digest`, as given."""


@dataclass(frozen=True, slots=True)
class GivenIndexes:
    """The index options of the command line and its variables; what is absent comes from files or from pip."""

    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    trusted_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """How to reach the network."""

    proxy: str | None = None
    use_proxy_variables: bool = True
    retries: int | None = None
    timeout: float | None = None
    """Seconds."""
    cert: str | None = None
    client_cert: str | None = None
    keyring_provider: str | None = None
    """`auto`, `disabled`, `import` or `subprocess`."""
    may_ask: bool = True
    """False under `--no-input`."""
    archives: str | None = None
    """URL of a shared place for archives by digest."""


@dataclass(frozen=True, slots=True)
class TargetOptions:
    """Which environment, and which interpreter the files are chosen for."""

    python: str | None = None
    """An interpreter, or the folder of a virtual environment; None: the running interpreter."""
    target: str | None = None
    prefix: str | None = None
    root: str | None = None
    user: bool | None = None
    """None: pip's configuration decides."""
    break_system_packages: bool = False
    require_virtualenv: bool = False
    platforms: tuple[str, ...] = ()
    abis: tuple[str, ...] = ()
    implementation: str | None = None
    python_version: str | None = None
    ignore_requires_python: bool = False


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """How a verified sdist may become a wheel."""

    constraint_files: tuple[str, ...] = ()
    isolation: bool = True
    config_settings: tuple[tuple[str, str], ...] = ()
    """`KEY=VALUE` pairs in order; a key may come twice."""
    require_sandbox: bool = False
    """Refuse to build where the platform gives no sandbox."""
    use_sandbox: bool = True
    trust_local: tuple[str, ...] = ()
    """Folders in and below which local projects, which no hash can vouch for, are built and installed."""
    requirements: tuple[str, ...] = ()
    """Each `--build-requirement`, `NAME: REQUIREMENT`: what a project's build needs besides what it declares."""
    visible_folders: tuple[str, ...] = ()
    """Each `--build-path`: folders outside of the system's that builds may read, for compilers that are kept there."""


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """Where unpacked wheels live."""

    folder: str | None = None
    """`--store`, or `peep` in `--cache-dir`; `PEEP_STORE` is the store's own matter (`store.location`)."""
    is_kept: bool = True
    """False under `--no-cache-dir`: a store for this run alone."""


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """What to tell, and how."""

    quiet: int = 0
    verbose: int = 0
    format: str = "text"
    """`text` or `json`; some verbs know more."""
    progress_bar: str = "auto"
    """`auto`, `on`, `off` or `raw`."""
    color: bool = True
    log: str | None = None
    """A file that every message is appended to."""


@dataclass(frozen=True, slots=True)
class InstallOptions:
    """Everything that `install`, `sync`, `download` and `wheel` can be asked for."""

    sources: SourceOptions = field(default_factory=SourceOptions)
    settings_beside: tuple[str, ...] = ()
    """Files beside which the project's settings are, for a run whose `sources` name none."""
    indexes: GivenIndexes = field(default_factory=GivenIndexes)
    format_control: FormatControl = field(default_factory=FormatControl)
    network: NetworkOptions = field(default_factory=NetworkOptions)
    target: TargetOptions = field(default_factory=TargetOptions)
    build: BuildOptions = field(default_factory=BuildOptions)
    store: StoreOptions = field(default_factory=StoreOptions)
    output: OutputOptions = field(default_factory=OutputOptions)
    is_isolated: bool = False
    """`--isolated`: neither variables nor pip's configuration files count."""
    force_reinstall: bool = False
    ignore_installed: bool = False
    trust_installed: bool = False
    """What satisfies a pin by its version counts as satisfied, whatever its origin."""
    check_dependencies: bool = True
    refuse_malware: bool = False
    """Refuse pins that a snapshot of advisories lists as malware; directives and settings may ask for it, too."""
    advisories: tuple[str, ...] = ()
    """Snapshots to judge by; (): the fetched one."""
    allow_record_mismatch: tuple[str, ...] = ()
    """Names (as written) whose wheels may differ from their RECORD."""
    allow_file_conflict: tuple[str, ...] = ()
    """Names (as written) of projects that leave files to others which bring them, too."""
    compile: bool | None = None
    """Byte-compile after installing; None: the verb's default."""
    link_mode: str | None = None
    """`clone`, `hardlink` or `copy`; None: the best that the file system can do."""
    require_examined: tuple[str, ...] = ()
    """Criteria for which each archive must be examined; '' for the one that the policy names."""
    vetting: str | None = None
    """The folder of the records."""
    dry_run: bool = False
    builds_anyway: bool = False
    """`--with-builds`: under `--dry-run`, too."""
    report: str | None = None
    """Write pip's installation report there; `-`: standard output."""
    bundle: BundleSource | None = None
    declared_targets: tuple[str, ...] = ()
    """Of `download`: a pass for each; (): for the interpreter and the tags of `target`."""
    destination: str | None = None
    """`--dest` of `download`, `--wheel-dir` of `wheel`."""
