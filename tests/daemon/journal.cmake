# The journal and the state folder, on real files.
set(folder ${CMAKE_CURRENT_SOURCE_DIR})
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
add_library(test_journal_place OBJECT ${folder}/journal_place.c)
target_link_libraries(test_journal_place PUBLIC pixmill_daemon PkgConfig::CMOCKA PRIVATE pixmill_options)
foreach(name test_journal test_journal_keys test_journal_damage test_state test_jobs)
  pixmill_test(${name} SOURCES ${folder}/${name}.c LIBRARIES test_journal_place LABELS daemon)
endforeach()
add_executable(journal_once ${folder}/journal_once.c)
target_link_libraries(journal_once PRIVATE pixmill_daemon pixmill_options)
foreach(part kills errors starts)
  string(TOUPPER ${part} word)
  pixmill_test(test_journal_faults_${part} SOURCES ${folder}/test_journal_faults.c LIBRARIES test_journal_place LABELS exhaustive
    DEFINES FAULTS=FAULTS_${word} JOURNAL_ONCE="$<TARGET_FILE:journal_once>")
  add_dependencies(test_journal_faults_${part} journal_once)
  set_tests_properties(test_journal_faults_${part} PROPERTIES TIMEOUT 600)
endforeach()
add_dependencies(test_jobs pixmill-cli pixmill-daemon)

pixmill_alloc_test(test_journal_alloc SOURCES ${folder}/test_journal_alloc.c
  LIBRARIES test_journal_place PkgConfig::SQLITE LABELS alloc)
