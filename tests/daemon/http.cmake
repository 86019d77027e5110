# The HTTP front over loopback: raw sockets and curl against a server with a scripted handler.
add_library(test_http_world OBJECT ${CMAKE_CURRENT_SOURCE_DIR}/http_world.c ${CMAKE_CURRENT_SOURCE_DIR}/http_client.c)
target_link_libraries(test_http_world PUBLIC pixmill_daemon PkgConfig::CMOCKA PRIVATE pixmill_options)
foreach(name test_http test_http_answers test_http_gone test_http_limits test_http_malformed
             test_http_parallel)
  pixmill_test(${name} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/${name}.c LIBRARIES test_http_world LABELS daemon)
endforeach()

