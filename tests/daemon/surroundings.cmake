# What stands around the daemon's work: the web page's files, metrics, the log.
foreach(name test_static test_metrics test_log)
  pixmill_test(${name} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/${name}.c LIBRARIES pixmill_daemon m LABELS daemon)
endforeach()
