# What the scripts of this folder share. To be sourced with the project's folder as the current one.
# shellcheck shell=sh
package_folder=${PIXMILL_PACKAGE_FOLDER:-$PWD/build/package}
glibc_ceiling=2.34 # of Amazon Linux 2023
vips_version=8.18.7

die() {
    printf 'package: %s\n' "$*" >&2
    exit 1
}

# unavailable TEXT: as die, where what is missing comes from the network. Exit status 3.
unavailable() {
    printf 'package: %s\n' "$*" >&2
    exit 3
}

# arch_names ARCH: sets what Debian, npm and GNU call it.
arch_names() {
    case $1 in
        arm64) debian_arch=arm64 npm_arch=arm64 machine=aarch64 elf_machine=AArch64 ;;
        x86_64) debian_arch=amd64 npm_arch=x64 machine=x86_64 elf_machine='Advanced Micro Devices X86-64' ;;
        *) die "there is no architecture '$1'; say arm64 or x86_64" ;;
    esac
    triplet=$machine-linux-gnu
}

# Whether programs of the architecture that arch_names set run here as they are.
is_native() { [ "$(uname -m)" = "$machine" ]; }
