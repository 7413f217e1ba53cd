# embed_files(<target> <folder>) puts every file of the folder (names not beginning with a dot) into the target as the
# table behind anlan::http::embedded_files(). A folder that does not exist gives an empty table.
#
# The files come in through .incbin, so that the compiler never sees their bytes; the digests for ETag are taken when
# the table is built, anew whenever one of the files changes.
set(ANLAN_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

if(CMAKE_SCRIPT_MODE_FILE)
  # The build step: -DFOLDER= -DOUTPUT= -P embed.cmake
  file(GLOB_RECURSE files RELATIVE ${FOLDER} ${FOLDER}/*)
  list(FILTER files EXCLUDE REGEX "(^|/)\\.")
  list(SORT files COMPARE STRING)
  set(assembly "")
  set(declarations "")
  set(rows "")
  set(index 0)
  foreach(name ${files})
    file(SHA256 ${FOLDER}/${name} digest)
    string(SUBSTRING ${digest} 0 32 digest)
    file(SIZE ${FOLDER}/${name} size)
    string(APPEND assembly
      "    \".balign 16\\nanlan_embedded_${index}:\\n.incbin \\\"${FOLDER}/${name}\\\"\\n.byte 0\\n\"\n")
    string(APPEND declarations "extern const char embedded_${index}[] asm(\"anlan_embedded_${index}\");\n")
    string(APPEND rows "    {\"${name}\", {embedded_${index}, ${size}}, \"\\\"${digest}\\\"\"},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  set(text "// Made by cmake/embed.cmake.\n#include \"http/static.h\"\n\n")
  if(index EQUAL 0)
    string(APPEND text "std::span<const anlan::http::StaticFile> anlan::http::embedded_files() { return {}; }\n")
  else()
    string(APPEND text
      "asm(\".section .rodata.anlan_embedded, \\\"a\\\"\\n\"\n${assembly}    \".text\\n\");\n\n"
      "namespace {\nextern \"C\" {\n${declarations}}\n"
      "const anlan::http::StaticFile files[] = {\n${rows}};\n}  // namespace\n\n"
      "std::span<const anlan::http::StaticFile> anlan::http::embedded_files() { return files; }\n")
  endif()
  file(WRITE ${OUTPUT} "${text}")
  return()
endif()

function(embed_files target folder)
  get_filename_component(folder ${folder} ABSOLUTE BASE_DIR ${CMAKE_SOURCE_DIR})
  set(output ${CMAKE_BINARY_DIR}/embedded/${target}.cpp)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${folder}/*)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} -DOUTPUT=${output} -P ${ANLAN_EMBED_SCRIPT}
    DEPENDS ${files} ${ANLAN_EMBED_SCRIPT}
    COMMENT "Embedding ${folder}"
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
  # .incbin is invisible to the compiler's dependency files.
  set_source_files_properties(${output} PROPERTIES OBJECT_DEPENDS "${files}")
endfunction()
