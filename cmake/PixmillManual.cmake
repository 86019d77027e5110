# Man pages and shell completions, written by the program itself when it is built.
set(pages man/pixmill.1)
set(commands COMMAND pixmill-cli man > man/pixmill.1)
foreach(verb check run test serve jobs invoke tables queues plugins schema graph explain completion man)
  list(APPEND pages man/pixmill-${verb}.1)
  list(APPEND commands COMMAND pixmill-cli man ${verb} > man/pixmill-${verb}.1)
endforeach()
foreach(shell bash zsh fish)
  list(APPEND pages completion/${shell})
  list(APPEND commands COMMAND pixmill-cli completion ${shell} > completion/${shell})
endforeach()
list(TRANSFORM pages PREPEND ${CMAKE_CURRENT_BINARY_DIR}/)
file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/man ${CMAKE_CURRENT_BINARY_DIR}/completion)
add_custom_command(OUTPUT ${pages} ${commands} DEPENDS pixmill-cli
  WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR} COMMENT "Writing man pages and completions")
add_custom_target(pixmill-manual ALL DEPENDS ${pages})

install(DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/completion/bash
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME pixmill)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/completion/zsh
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions RENAME _pixmill)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/completion/fish
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d RENAME pixmill.fish)
