# The HTTP front over loopback: raw sockets and curl against a server with a scripted handler.
add_library(test_http_world OBJECT ${CMAKE_CURRENT_SOURCE_DIR}/http_world.c ${CMAKE_CURRENT_SOURCE_DIR}/http_client.c)
target_link_libraries(test_http_world PUBLIC pixmill_daemon PkgConfig::CMOCKA PRIVATE pixmill_options)
foreach(name test_http test_http_answers test_http_gone test_http_limits test_http_malformed
             test_http_parallel)
  pixmill_test(${name} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/${name}.c LIBRARIES test_http_world LABELS daemon)
endforeach()


add_executable(http_scripted ${CMAKE_CURRENT_SOURCE_DIR}/http_scripted.c)
target_link_libraries(http_scripted PRIVATE test_http_world pixmill_options)
add_test(NAME test_http_curl COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/http_curl.sh $<TARGET_FILE:http_scripted>)
set_tests_properties(test_http_curl PROPERTIES TIMEOUT 300 LABELS daemon)

# With the real intake, which the scripted handler has one of its own for.
pixmill_test(test_http_upload SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_http_upload.c ${CMAKE_CURRENT_SOURCE_DIR}/http_client.c
  LIBRARIES pixmill_daemon LABELS daemon)
