# What others build against: headers, pixmill.pc, and a CMake package with pixmill_add_plugin().
include(CMakePackageConfigHelpers)

set(PIXMILL_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/Pixmill)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/pixmill DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
set_target_properties(pixmill_headers PROPERTIES EXPORT_NAME headers)
install(TARGETS pixmill_headers EXPORT PixmillTargets)
install(TARGETS pixmill EXPORT PixmillTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT PixmillTargets NAMESPACE Pixmill:: DESTINATION ${PIXMILL_CMAKE_DIR})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/PixmillConfig.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/PixmillConfig.cmake INSTALL_DESTINATION ${PIXMILL_CMAKE_DIR})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/PixmillConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/PixmillConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/PixmillConfigVersion.cmake
  ${PROJECT_SOURCE_DIR}/cmake/PixmillPlugin.cmake DESTINATION ${PIXMILL_CMAKE_DIR})
# Both are found from where they lie, so that the installed tree may be moved.
file(RELATIVE_PATH PIXMILL_PREFIX_FROM_PC /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" PIXMILL_PREFIX_FROM_PC ${PIXMILL_PREFIX_FROM_PC})
configure_file(${PROJECT_SOURCE_DIR}/cmake/pixmill.pc.in ${CMAKE_CURRENT_BINARY_DIR}/pixmill.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/pixmill.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
