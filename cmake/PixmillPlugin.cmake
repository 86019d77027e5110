# pixmill_add_plugin(NAME SOURCES file... [LIBRARIES target...])
#
# Builds NAME.so the way the engine wants modules: one exported symbol, every reference resolved at load, installed where
# the engine looks. The same sources are plugin-NAME-builtin, a static library that is built when something links it.
set(PIXMILL_PLUGIN_BUILD_DIR ${CMAKE_BINARY_DIR}/${CMAKE_INSTALL_LIBDIR}/pixmill/plugins-1)

function(pixmill_add_plugin name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES;INCLUDES" ${ARGN})
  add_library(plugin-${name} MODULE ${arg_SOURCES})
  set_target_properties(plugin-${name} PROPERTIES
    PREFIX "" OUTPUT_NAME ${name} C_VISIBILITY_PRESET hidden
    LIBRARY_OUTPUT_DIRECTORY ${PIXMILL_PLUGIN_BUILD_DIR} INTERPROCEDURAL_OPTIMIZATION OFF)
  target_link_options(plugin-${name} PRIVATE -Wl,-z,now -Wl,--exclude-libs,ALL)
  add_library(plugin-${name}-builtin STATIC EXCLUDE_FROM_ALL ${arg_SOURCES})
  set_target_properties(plugin-${name}-builtin PROPERTIES C_VISIBILITY_PRESET hidden)
  target_compile_definitions(plugin-${name}-builtin PRIVATE PXM_BUILTIN)
  foreach(target plugin-${name} plugin-${name}-builtin)
    target_include_directories(${target} PRIVATE ${arg_INCLUDES})
    target_link_libraries(${target} PRIVATE ${arg_LIBRARIES})
    foreach(own Pixmill::headers pixmill_options)
      if(TARGET ${own})
        target_link_libraries(${target} PRIVATE ${own})
      endif()
    endforeach()
  endforeach()
  if(PIXMILL_PLUGIN_INSTALL_DIR)
    install(TARGETS plugin-${name} LIBRARY DESTINATION ${PIXMILL_PLUGIN_INSTALL_DIR})
  endif()
endfunction()

# pixmill_static_plugins(TARGET NAME...)
#
# Links plugins of pixmill_add_plugin() into a program, and writes it the table pxm_static_plugins of <pixmill/pixmill.h>,
# which the program hands to pxm_engine_add_builtins(). Nothing registers itself.
function(pixmill_static_plugins target)
  set(declarations "")
  set(entries "")
  foreach(name ${ARGN})
    string(MAKE_C_IDENTIFIER ${name} id)
    string(APPEND declarations "const struct pxm_plugin *pxm_plugin_${id}(void);\n")
    string(APPEND entries "pxm_plugin_${id}, ")
    target_link_libraries(${target} PRIVATE plugin-${name}-builtin)
  endforeach()
  set(table ${CMAKE_CURRENT_BINARY_DIR}/${target}_static_plugins.c)
  file(GENERATE OUTPUT ${table} CONTENT "#include <pixmill/pixmill.h>

${declarations}
const pxm_plugin_entry_fn pxm_static_plugins[] = {${entries}NULL};
")
  target_sources(${target} PRIVATE ${table})
endfunction()
