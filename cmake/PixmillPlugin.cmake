# pixmill_add_plugin(NAME SOURCES file... [LIBRARIES target...])
#
# Builds NAME.so the way the engine wants modules: one exported symbol, every reference resolved at load, installed where
# the engine looks. In this project it also builds NAME-builtin, the same sources to be linked into a program.
set(PIXMILL_PLUGIN_BUILD_DIR ${CMAKE_BINARY_DIR}/${CMAKE_INSTALL_LIBDIR}/pixmill/plugins-1)

function(pixmill_add_plugin name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES;INCLUDES" ${ARGN})
  add_library(plugin-${name} MODULE ${arg_SOURCES})
  set_target_properties(plugin-${name} PROPERTIES
    PREFIX "" OUTPUT_NAME ${name} C_VISIBILITY_PRESET hidden
    LIBRARY_OUTPUT_DIRECTORY ${PIXMILL_PLUGIN_BUILD_DIR} INTERPROCEDURAL_OPTIMIZATION OFF)
  target_link_options(plugin-${name} PRIVATE -Wl,-z,now -Wl,--exclude-libs,ALL)
  target_include_directories(plugin-${name} PRIVATE ${arg_INCLUDES})
  target_link_libraries(plugin-${name} PRIVATE ${arg_LIBRARIES})
  if(TARGET Pixmill::headers)
    target_link_libraries(plugin-${name} PRIVATE Pixmill::headers)
  endif()
  if(TARGET pixmill_options)
    target_link_libraries(plugin-${name} PRIVATE pixmill_options)
    add_library(plugin-${name}-builtin STATIC EXCLUDE_FROM_ALL ${arg_SOURCES})
    target_compile_definitions(plugin-${name}-builtin PRIVATE PXM_BUILTIN)
    target_include_directories(plugin-${name}-builtin PRIVATE ${arg_INCLUDES})
    target_link_libraries(plugin-${name}-builtin PUBLIC ${arg_LIBRARIES} PRIVATE pixmill_options Pixmill::headers)
  endif()
  if(PIXMILL_PLUGIN_INSTALL_DIR)
    install(TARGETS plugin-${name} LIBRARY DESTINATION ${PIXMILL_PLUGIN_INSTALL_DIR})
  endif()
endfunction()
