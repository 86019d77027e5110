# How everything of ours is compiled: C11, every warning an error, hardened, hidden by default.
add_library(pixmill_options INTERFACE)
target_compile_definitions(pixmill_options INTERFACE _GNU_SOURCE)
target_compile_options(pixmill_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wundef
  -Wimplicit-fallthrough -Wcast-qual -Wwrite-strings -Werror
  -fvisibility=hidden -fno-strict-aliasing -fstack-protector-strong -fstack-clash-protection -fno-omit-frame-pointer)
target_link_options(pixmill_options INTERFACE -Wl,-z,defs,-z,now,-z,relro,-z,noexecstack)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)

if(PIXMILL_SANITIZE)
  target_compile_options(pixmill_options INTERFACE -fsanitize=${PIXMILL_SANITIZE} -fno-sanitize-recover=all)
  # Sanitizer symbols come from the executable, so a module cannot have them all defined.
  target_link_options(pixmill_options INTERFACE -fsanitize=${PIXMILL_SANITIZE} -Wl,-z,undefs)
elseif(CMAKE_BUILD_TYPE MATCHES "Rel")
  target_compile_definitions(pixmill_options INTERFACE _FORTIFY_SOURCE=2)
endif()
if(PIXMILL_COVERAGE)
  target_compile_options(pixmill_options INTERFACE --coverage)
  target_link_options(pixmill_options INTERFACE --coverage)
endif()
