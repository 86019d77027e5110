# The image sharing app and what runs it as a service: pipelines, the web page where it was built, the unit of systemd.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/pipelines/ DESTINATION ${CMAKE_INSTALL_DATADIR}/pixmill/pipelines
  FILES_MATCHING PATTERN "*.yaml" PATTERN "*.test.yaml" EXCLUDE PATTERN fixtures EXCLUDE PATTERN golden EXCLUDE
  PATTERN var EXCLUDE)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/frontend/dist/ DESTINATION ${CMAKE_INSTALL_DATADIR}/pixmill/site OPTIONAL)
# Not below LIBDIR, which may be a folder of one architecture.
install(FILES ${PROJECT_SOURCE_DIR}/deploy/systemd/pixmill.service DESTINATION lib/systemd/system)
