# The parts of the supervisor that can be tested without a crew.
foreach(name test_loop test_poison test_said test_watch)
  pixmill_test(${name} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/${name}.c LIBRARIES pixmill_daemon LABELS daemon)
endforeach()
