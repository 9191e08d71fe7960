"""Names of the processors that programs are for.

Comes in: a `Program`. Goes out: the name as OCI spells architectures (GOARCH), or else a plain one. The rule: an
unknown number is no error: it is the name.

Source: System V ABI, registry of e_machine; Microsoft, "PE Format", "Machine Types"; Apple, <mach/machine.h>; OCI image
specification 1.1, config.md, "architecture".
"""

from typing import Final

from stellaops_core.readers.program import Program

ELF: Final = {
    2: "sparc", 3: "386", 4: "m68k", 15: "hppa", 18: "sparc", 40: "arm", 42: "sh", 43: "sparc64", 50: "ia64",
    62: "amd64", 183: "arm64", 190: "cuda", 224: "amdgpu", 247: "bpf", 0x9026: "alpha",
}  # fmt: skip
"""By e_machine, where neither width nor byte order makes another name."""
ELF_BY_FORM: Final = {
    (8, 32, True): "mips", (8, 32, False): "mipsle", (8, 64, True): "mips64", (8, 64, False): "mips64le",
    (20, 32, True): "ppc", (21, 64, True): "ppc64", (21, 64, False): "ppc64le", (22, 32, True): "s390",
    (22, 64, True): "s390x", (62, 32, False): "amd64p32", (183, 32, False): "arm64p32", (183, 64, True): "arm64be",
    (40, 32, True): "armbe", (243, 32, False): "riscv", (243, 64, False): "riscv64", (258, 32, False): "loong32",
    (258, 64, False): "loong64",
}  # fmt: skip
"""By (e_machine, bits, whether big-endian)."""
PE: Final = {
    0x14C: "386", 0x1C0: "arm", 0x1C2: "arm", 0x1C4: "arm", 0x200: "ia64", 0xEBC: "efi-bytecode", 0x5032: "riscv",
    0x5064: "riscv64", 0x6232: "loong32", 0x6264: "loong64", 0x8664: "amd64", 0xA641: "arm64ec", 0xA64E: "arm64x",
    0xAA64: "arm64",
}  # fmt: skip
"""By `Machine`."""
PE_SYSTEMS: Final = (0x4644, 0xADC4, 0x7B79, 0x1993, 0x1992)
"""What .NET mixes into `Machine` of assemblies compiled for macOS, FreeBSD, Linux, NetBSD and SunOS (dotnet/runtime,
`ReadyToRun` images: `IMAGE_FILE_MACHINE_OS_MASK_*`)."""
MACHO: Final = {
    7: "386", 12: "arm", 18: "ppc", 0x1000007: "amd64", 0x100000C: "arm64", 0x1000012: "ppc64", 0x200000C: "arm64p32",
}  # fmt: skip
"""By `cputype`."""
XCOFF: Final = {0x1DF: "ppc", 0x1F7: "ppc64"}
"""By the file's first two bytes."""


def machine_of(program: Program) -> str:
    """Return the name; `<format>-<number>` of a processor that is not known here."""
    number = program.machine
    if program.format == "elf":
        found = ELF_BY_FORM.get((number, program.bits, program.big_endian)) or ELF.get(number)
    elif program.format == "pe":
        found = next((PE[number ^ mask] for mask in (0, *PE_SYSTEMS) if number ^ mask in PE), None)
    else:
        found = (MACHO if program.format == "macho" else XCOFF).get(number)
    return found or f"{program.format}-{number}"
