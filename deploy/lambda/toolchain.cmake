# How the package is compiled: by Debian's compiler for PIXMILL_MACHINE, for what target.sh made in PIXMILL_TARGET, and so
# that neither folders nor times of this build are in what comes out.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PIXMILL_MACHINE PIXMILL_TARGET)
if(NOT PIXMILL_MACHINE STREQUAL CMAKE_HOST_SYSTEM_PROCESSOR)
  set(CMAKE_SYSTEM_NAME Linux)
  set(CMAKE_SYSTEM_PROCESSOR ${PIXMILL_MACHINE})
  # The generator of the vips plugin is run by the build.
  set(CMAKE_CROSSCOMPILING_EMULATOR qemu-${PIXMILL_MACHINE}-static -L /usr/${PIXMILL_MACHINE}-linux-gnu)
endif()
set(CMAKE_C_COMPILER ${PIXMILL_MACHINE}-linux-gnu-gcc)
set(CMAKE_C_FLAGS_INIT "-ffunction-sections -fdata-sections -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. \
-ffile-prefix-map=${CMAKE_BINARY_DIR}=build")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,--gc-sections,--as-needed")
# LD_LIBRARY_PATH of Lambda names the folders of the image first, which RPATH, unlike RUNPATH, comes before.
set(CMAKE_MODULE_LINKER_FLAGS_INIT "-Wl,--gc-sections,--as-needed,--disable-new-dtags,-rpath,'$ORIGIN/../lib'")
set(CMAKE_SKIP_RPATH ON)
set(LTDL_INCLUDE_DIR ${PIXMILL_TARGET}/include)
set(LTDL_LIBRARY ${PIXMILL_TARGET}/lib/libltdl.a)
